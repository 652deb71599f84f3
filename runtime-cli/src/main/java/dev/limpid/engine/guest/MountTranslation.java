package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.vm.mountinfo.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The section {@code mounts} of config.json for the guest: what is bound from the host gets its
 * place in the shared folder as its source; everything else is made in the guest and passes
 * untouched, in the same order.
 */
final class MountTranslation {
  /** The guest's crun has a file open for each mount, and may have no more than 1024. */
  private static final int MAX_MOUNTS = 1000;

  private static final List<String> GUEST_TYPES =
      List.of(
          "proc",
          "sysfs",
          "tmpfs",
          "devpts",
          "mqueue",
          "cgroup",
          "cgroup2",
          "ramfs",
          "hugetlbfs",
          "binfmt_misc",
          "bpf",
          "securityfs",
          "tracefs",
          "debugfs",
          "configfs",
          "devtmpfs");

  private final Path bundle;
  private final Path guestShare;
  private final MountTable hostMounts;

  /**
   * A translation for one container.
   *
   * @param bundle what relative sources are relative to
   * @param guestShare where the guest has the shared folder
   * @param hostMounts the host's mounts
   */
  MountTranslation(Path bundle, Path guestShare, MountTable hostMounts) {
    this.bundle = bundle;
    this.guestShare = guestShare;
    this.hostMounts = hostMounts;
  }

  /**
   * The guest's mounts, and what they need of the host.
   *
   * @param mounts the section's value
   * @param sources the host's files and folders that the guest needs
   */
  record Result(JsonArray mounts, List<SharedSource> sources) {}

  /**
   * Translates all mounts.
   *
   * @param config the bundle's config.json
   * @throws dev.limpid.oci.json.InvalidSpecException if a source does not exist or is of a kind
   *     that can't be had in a VM
   */
  Result translate(JsonCursor config) {
    List<JsonValue> mounts = new ArrayList<>();
    List<SharedSource> sources = new ArrayList<>();
    List<JsonCursor> all = config.optionalElements("mounts");
    if (all.size() > MAX_MOUNTS) {
      throw config
          .required("mounts")
          .refused(
              "has "
                  + all.size()
                  + " elements; a container in a virtual machine can have "
                  + MAX_MOUNTS);
    }
    for (JsonCursor mount : all) {
      List<String> options = options(mount);
      boolean named = options.contains("rbind") || options.contains("bind");
      if (!named && mount.optionalString("type").filter("bind"::equals).isEmpty()) {
        mounts.add(ofTheGuest(mount));
        continue;
      }
      Path source = source(mount);
      Optional<JsonObject> sharedMemory = sharedMemory(mount, source);
      if (sharedMemory.isPresent()) {
        mounts.add(sharedMemory.get());
        continue;
      }
      String name = "volume" + sources.size();
      sources.add(
          new SharedSource(
              source,
              name,
              options.contains("rbind"),
              options.contains("ro") || options.contains("rro")));
      JsonObject bind = mount.asObject().with("source", guestShare.resolve(name).toString());
      if (!named) {
        List<String> whole = new ArrayList<>(options);
        whole.add("bind");
        bind = bind.with("options", JsonArray.ofStrings(whole));
      }
      mounts.add(bind);
    }
    return new Result(new JsonArray(mounts), sources);
  }

  /** A file system that needs nothing of the host. */
  private static JsonValue ofTheGuest(JsonCursor mount) {
    Optional<JsonCursor> type = mount.optional("type");
    if (type.isPresent() && !GUEST_TYPES.contains(type.get().asString())) {
      throw type.get()
          .invalid(
              "can't be mounted: its source would be one of the virtual machine, not of the host;"
                  + " must be bind, or one of "
                  + String.join(", ", GUEST_TYPES));
    }
    return mount.value();
  }

  private Path source(JsonCursor mount) {
    JsonCursor source = mount.required("source");
    Path given = bundle.resolve(source.asString());
    Path real;
    BasicFileAttributes attributes;
    try {
      real = given.toRealPath();
      attributes = Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException absent) {
      throw source.invalid("no such file or directory on the host");
    }
    if (attributes.isDirectory() || attributes.isRegularFile()) {
      return real;
    }
    throw source.invalid(
        "must be a directory or a regular file: a socket, pipe or device of the host can't be"
            + " reached from inside a virtual machine");
  }

  /**
   * The caller's own tmpfs for /dev/shm becomes one of the guest, of the same size: memory shared
   * between processes of one kernel can't be had through a file server.
   */
  private Optional<JsonObject> sharedMemory(JsonCursor mount, Path source) {
    if (!mount.requiredString("destination").equals("/dev/shm")
        || hostMounts.at(source).filter(host -> host.type().equals("tmpfs")).isEmpty()) {
      return Optional.empty();
    }
    long size;
    try {
      size = Files.getFileStore(source).getTotalSpace();
    } catch (IOException unknown) {
      return Optional.empty();
    }
    return Optional.of(
        JsonObject.builder()
            .put("destination", "/dev/shm")
            .put("type", "tmpfs")
            .put("source", "shm")
            .put(
                "options",
                JsonArray.of(
                    new JsonString("nosuid"),
                    new JsonString("noexec"),
                    new JsonString("nodev"),
                    new JsonString("mode=1777"),
                    new JsonString("size=" + size)))
            .build());
  }

  private static List<String> options(JsonCursor mount) {
    Optional<JsonCursor> options = mount.optional("options");
    return options.isPresent() ? options.get().asStrings() : List.of();
  }
}
