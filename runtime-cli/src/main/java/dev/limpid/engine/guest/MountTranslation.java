package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.proto.GuestMount;
import dev.limpid.proto.GuestSocket;
import dev.limpid.proto.MountAttributes;
import dev.limpid.proto.MountFlag;
import dev.limpid.vm.mountinfo.MountTable;
import dev.limpid.vm.rootfs.GuestPlace;
import dev.limpid.vm.shim.BindOptions;
import dev.limpid.vm.shim.IdentityMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The section {@code mounts} of config.json for the guest: what is bound from the host gets its
 * place in the shared folder as its source, or if it is a socket, the place where the agent listens
 * for it; everything else is made in the guest, in the same order.
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

  /** What the caller's tmpfs has, whether the options say so or not. */
  private static final List<String> SHARED_MEMORY_OPTIONS = List.of("nosuid", "noexec", "nodev");

  private final Path bundle;
  private final Surroundings around;
  private final MountTable hostMounts;
  private final MountPlaces places;

  /**
   * A translation for one container.
   *
   * @param bundle what relative sources are relative to
   * @param rootfs the root filesystem on the host; absolute, without symbolic links
   * @param around what is in the guest already, and where it has the shared folder
   * @param hostMounts the host's mounts
   */
  MountTranslation(Path bundle, Path rootfs, Surroundings around, MountTable hostMounts) {
    this.bundle = bundle;
    this.around = around;
    this.hostMounts = hostMounts;
    this.places = new MountPlaces(rootfs);
  }

  /**
   * The guest's mounts, and what they need of the host.
   *
   * @param mounts the section's value
   * @param sources the host's files and folders that the guest needs
   * @param sockets the host's sockets that it needs
   * @param sharedMemory the file system for {@code /dev/shm} that the guest needs
   * @param attributes what the agent has to set, because crun can't
   */
  record Result(
      JsonArray mounts,
      List<SharedSource> sources,
      List<HostSocket> sockets,
      Optional<GuestMount> sharedMemory,
      List<MountAttributes> attributes) {
    /** Where the guest has the sockets. */
    List<GuestSocket> socketPlaces() {
      List<GuestSocket> places = new ArrayList<>(sockets.size());
      for (HostSocket socket : sockets) {
        places.add(socket.place());
      }
      return places;
    }
  }

  /**
   * Translates all mounts.
   *
   * @param config the bundle's config.json
   * @throws dev.limpid.oci.json.InvalidSpecException if a source does not exist, is of a kind that
   *     can't be had in a VM, or shall be mounted in a way that can't
   */
  Result translate(JsonCursor config) {
    List<JsonValue> mounts = new ArrayList<>();
    List<SharedSource> sources = new ArrayList<>();
    List<HostSocket> sockets = new ArrayList<>();
    List<GuestMount> sharedMemory = new ArrayList<>();
    List<MountAttributes> attributes = new ArrayList<>();
    boolean privateRoot = isPrivate(config.required("linux").optionalString("rootfsPropagation"));
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
      MountOptions options = MountOptions.of(mount);
      JsonObject translated = mount(config, mount, options, sources, sockets, sharedMemory);
      String place = places.take(mount.requiredString("destination"));
      mounts.add(translated.with("destination", place));
      Optional<MountAttributes> undone = attributes(place, options, privateRoot);
      if (undone.isPresent()) {
        attributes.add(undone.get());
      }
    }
    return new Result(
        new JsonArray(mounts), sources, sockets, sharedMemory.stream().findFirst(), attributes);
  }

  private JsonObject mount(
      JsonCursor config,
      JsonCursor mount,
      MountOptions options,
      List<SharedSource> sources,
      List<HostSocket> sockets,
      List<GuestMount> sharedMemory) {
    options.checkCopyUp(mount);
    List<String> words = options.forCrun();
    JsonObject translated = mount.asObject().without("uidMappings").without("gidMappings");
    if (options.isRemount()) {
      // Of what is there, in the guest.
      translated = translated.with("type", "none").with("source", "/");
    } else if (!options.isBind()) {
      checkType(mount);
      MountIdentities.refuse(mount, options);
      addPermissions(mount, options, words);
    } else {
      checkBind(options);
      Path source = source(mount);
      Optional<IdentityMap> identities = MountIdentities.of(config, mount, options);
      Optional<HostSocket> socket = socket(mount, source, sockets.size(), identities);
      if (socket.isPresent()) {
        sockets.add(socket.get());
        return translated
            .with("source", socket.get().place().path())
            .with("options", JsonArray.ofStrings(words));
      }
      OptionalLong memory = sharedMemory(mount, source);
      if (memory.isPresent()) {
        words.addAll(SHARED_MEMORY_OPTIONS);
        Path place = memoryPlace(source, memory.getAsLong(), sharedMemory);
        return translated
            .with("source", place.toString())
            .with("options", JsonArray.ofStrings(words));
      }
      String name = "volume" + sources.size();
      BindOptions bind =
          new BindOptions(
              options.isRecursive(), options.isReadOnly(), follows(options), identities);
      sources.add(new SharedSource(source, name, bind));
      translated = translated.with("source", around.place().share().resolve(name).toString());
    }
    return translated.with("options", JsonArray.ofStrings(words));
  }

  /** Refuses a file system that would need something of the host. */
  private static void checkType(JsonCursor mount) {
    Optional<JsonCursor> type = mount.optional("type");
    if (type.isPresent() && !GUEST_TYPES.contains(type.get().asString())) {
      throw type.get()
          .invalid(
              "can't be mounted: its source would be one of the virtual machine, not of the host;"
                  + " must be bind, or one of "
                  + String.join(", ", GUEST_TYPES));
    }
    mount.required("type");
  }

  /** The kernel, and so runc, says nothing of what a bind can't have. */
  private static void checkBind(MountOptions options) {
    for (JsonCursor option : options.unknown()) {
      throw option.invalid("can't be had: a bind has no options of a file system");
    }
    for (JsonCursor propagation : options.propagations()) {
      if (propagation.asString().endsWith("shared")) {
        throw propagation.invalid(
            "can't be had: what is mounted inside a virtual machine can't appear on the host");
      }
    }
  }

  /** A tmpfs has the permissions of the directory that it covers, unless its options say others. */
  private void addPermissions(JsonCursor mount, MountOptions options, List<String> words) {
    if (!mount.requiredString("type").equals("tmpfs") || options.value("mode").isPresent()) {
      return;
    }
    OptionalInt permissions = places.permissions(mount.requiredString("destination"));
    if (permissions.isPresent()) {
      words.add("mode=" + Integer.toOctalString(permissions.getAsInt()));
    }
  }

  /**
   * Whether a bind gets what the host mounts later below its source: only if it is told to, because
   * the host can't take that away again while the guest remembers it. The other direction can't be
   * had.
   */
  private static boolean follows(MountOptions options) {
    boolean follows = false;
    for (JsonCursor propagation : options.propagations()) {
      follows = propagation.asString().endsWith("slave");
    }
    return follows;
  }

  /**
   * What crun leaves undone: it has no word for {@code nosymfollow}, and makes all mounts as the
   * root is, after all else.
   *
   * @param privateRoot whether the root, and so every mount, is private
   */
  private static Optional<MountAttributes> attributes(
      String place, MountOptions options, boolean privateRoot) {
    Set<MountAttributes.Attribute> attributes = EnumSet.noneOf(MountAttributes.Attribute.class);
    if (!options.followsSymlinks()) {
      attributes.add(MountAttributes.Attribute.NOSYMFOLLOW);
    }
    for (JsonCursor propagation : options.propagations()) {
      attributes.removeAll(MountAttributes.PROPAGATIONS);
      attributes.remove(MountAttributes.Attribute.REC);
      switch (propagation.asString()) {
        case "shared", "rshared" -> {
          // What is mounted below it later is shared as well.
          attributes.add(MountAttributes.Attribute.SHARED);
          attributes.add(MountAttributes.Attribute.REC);
        }
        case "unbindable", "runbindable" -> attributes.add(MountAttributes.Attribute.UNBINDABLE);
        case "slave", "rslave" -> attributes.add(MountAttributes.Attribute.SLAVE);
        default -> attributes.add(MountAttributes.Attribute.PRIVATE);
      }
    }
    if (privateRoot) {
      // It is that already: there is nobody whose slave it could be.
      attributes.remove(MountAttributes.Attribute.PRIVATE);
      attributes.remove(MountAttributes.Attribute.SLAVE);
    }
    return attributes.isEmpty()
        ? Optional.empty()
        : Optional.of(new MountAttributes(place, attributes));
  }

  private static boolean isPrivate(Optional<String> propagation) {
    return propagation.isEmpty()
        || propagation.get().isEmpty()
        || propagation.get().endsWith("private");
  }

  private Path source(JsonCursor mount) {
    JsonCursor source = mount.required("source");
    Path given = bundle.resolve(source.asString());
    try {
      return given.toRealPath();
    } catch (IOException absent) {
      throw source.invalid("no such file or directory on the host");
    }
  }

  /** The socket that a source is. Otherwise it is what can be served as a file. */
  private Optional<HostSocket> socket(
      JsonCursor mount, Path source, int number, Optional<IdentityMap> identities) {
    if (Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS)
        || Files.isRegularFile(source, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    Optional<HostSocket> socket =
        HostSocket.of(source, around.place().socket(number), identities, mount);
    if (socket.isEmpty()) {
      throw mount
          .required("source")
          .invalid(
              "must be a directory, a regular file or a socket: a pipe or device of the host can't"
                  + " be reached from inside a virtual machine");
    }
    if (number >= GuestSocket.COUNT_MAX) {
      throw mount
          .required("source")
          .refused("is a socket; a container can have " + GuestSocket.COUNT_MAX + " of the host's");
    }
    return socket;
  }

  /**
   * The caller's own tmpfs for /dev/shm becomes one of the guest, of the same size: memory shared
   * between processes of one kernel can't be had through a file server.
   *
   * @return its size in bytes
   */
  private OptionalLong sharedMemory(JsonCursor mount, Path source) {
    if (!mount.requiredString("destination").equals("/dev/shm")
        || hostMounts.at(source).filter(host -> host.type().equals("tmpfs")).isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Files.getFileStore(source).getTotalSpace());
    } catch (IOException unknown) {
      return OptionalLong.empty();
    }
  }

  /** Where the guest has it, or shall have it: then it is added to what it has to mount. */
  private Path memoryPlace(Path source, long bytes, List<GuestMount> sharedMemory) {
    if (around.sharedMemory().filter(source::equals).isPresent()) {
      return GuestPlace.ALONE.sharedMemory();
    }
    Path place = around.place().sharedMemory();
    if (sharedMemory.isEmpty()) {
      sharedMemory.add(tmpfs(place, bytes));
    }
    return place;
  }

  private static GuestMount tmpfs(Path target, long bytes) {
    return new GuestMount(
        "tmpfs",
        "shm",
        target.toString(),
        EnumSet.of(MountFlag.NOSUID, MountFlag.NODEV, MountFlag.NOEXEC),
        "mode=1777,size=" + bytes);
  }
}
