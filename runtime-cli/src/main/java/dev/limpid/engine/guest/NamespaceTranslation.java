package dev.limpid.engine.guest;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.vm.rootfs.GuestPlace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The section {@code linux.namespaces}: the network namespace is one of the host, in which the VM
 * lives; all others are made in the guest, that of time not by crun, or are those of another
 * container there. Where a container shall have none of its own, it has the VM's: the host's are in
 * another kernel.
 */
final class NamespaceTranslation {
  /** One that is there for sure. */
  private static final Path OWN = Path.of("/proc/self/ns/net");

  private NamespaceTranslation() {}

  /**
   * What becomes of the namespaces.
   *
   * @param namespaces the section for the guest
   * @param network the host's network namespace to join; empty: one is made
   */
  record Result(JsonArray namespaces, Optional<Path> network) {}

  /** The types of namespaces in the section {@code linux}. */
  static Set<String> types(JsonCursor linux) {
    Set<String> types = new HashSet<>();
    for (JsonCursor namespace : linux.optionalElements("namespaces")) {
      types.add(namespace.requiredString("type"));
    }
    return types;
  }

  /**
   * Translates the section.
   *
   * @param linux the section {@code linux}
   * @param around what is in the guest already
   * @param journal told what the container can't share with the host
   * @throws dev.limpid.oci.json.InvalidSpecException for a namespace of the host that a VM can't be
   *     in
   */
  static Result translate(JsonCursor linux, Surroundings around, Journal journal) {
    List<JsonValue> guest = new ArrayList<>();
    Optional<Path> network = Optional.empty();
    Optional<Path> sharedNetwork = Optional.empty();
    Set<String> types = types(linux);
    for (JsonCursor namespace : linux.optionalElements("namespaces")) {
      String type = namespace.requiredString("type");
      Optional<JsonCursor> path = namespace.optional("path");
      boolean joins = path.isPresent() && !path.get().asString().isEmpty();
      Optional<Path> shared =
          joins
              ? Optional.ofNullable(around.namespaces().get(path.get().asString()))
              : Optional.empty();
      if (type.equals("network")) {
        if (joins) {
          network = Optional.of(networkNamespace(path.get()));
        }
        if (shared.isPresent()) {
          sharedNetwork = shared;
        }
      } else if (shared.isPresent()) {
        guest.add(namespace.asObject().with("path", shared.get().toString()));
      } else if (joins) {
        throw path.get()
            .invalid(
                "can't be joined: the container's "
                    + type
                    + " namespace is in another kernel, its VM's, unless it is that of another"
                    + " container of limpid's");
      } else if (!type.equals("time")) {
        guest.add(namespace.value());
      }
    }
    check(linux, types);
    if (!types.contains("network") && !around.place().isFirst()) {
      // What is the host's for it, is so for the VM that it joins.
      sharedNetwork = Optional.of(GuestPlace.ALONE.namespace("net"));
    }
    guest.add(guestNetwork(types, around, sharedNetwork));
    if (!types.contains("cgroup")) {
      // The host's cgroups are not there to be seen; the guest's own are of no use to a workload.
      guest.add(JsonObject.builder().put("type", "cgroup").build());
    }
    if (!types.contains("uts")) {
      // With the host's names in it.
      guest.add(JsonObject.builder().put("type", "uts").build());
    }
    for (String type : new String[] {"pid", "ipc"}) {
      if (!types.contains(type)) {
        journal.warn(
            "config.json: linux.namespaces: none of type "
                + type
                + ": the container shares its virtual machine's, not the host's");
      }
    }
    return new Result(new JsonArray(guest), network);
  }

  /**
   * The guest's first network namespace is that of the container that it was started for, named by
   * path so that net.* sysctls are allowed. But in a user namespace nobody has a say in a network
   * that is not of it.
   *
   * @param shared that of another container; empty: its own
   */
  private static JsonObject guestNetwork(
      Set<String> types, Surroundings around, Optional<Path> shared) {
    JsonObject.Builder network = JsonObject.builder().put("type", "network");
    if (shared.isPresent()) {
      network.put("path", shared.get().toString());
    } else if (around.place().isFirst() && !types.contains("user")) {
      network.put("path", "/proc/1/ns/net");
    }
    return network.build();
  }

  private static void check(JsonCursor linux, Set<String> types) {
    if (!types.contains("mount")) {
      throw linux.refused(
          "namespaces: must have one of type mount: a virtual machine can't use the host's mounts"
              + " as its own");
    }
    boolean user = types.contains("user");
    for (String mappings : new String[] {"uidMappings", "gidMappings"}) {
      boolean mapped = !linux.optionalElements(mappings).isEmpty();
      if (mapped && !user) {
        throw linux.required(mappings).refused("must not be there without a user namespace");
      }
      if (user && !mapped) {
        throw linux.refused(mappings + ": must be there with a user namespace");
      }
    }
  }

  /**
   * What is there but is none of the network would be found out only when the shim enters it: which
   * type a namespace has that is bound to a file, no more can be asked of the file.
   */
  private static Path networkNamespace(JsonCursor cursor) {
    Path path = Path.of(cursor.asString());
    try {
      boolean namespace =
          Files.getAttribute(path, "unix:dev").equals(Files.getAttribute(OWN, "unix:dev"));
      if (namespace && (!Files.isSymbolicLink(path) || isOfNetwork(path))) {
        return path;
      }
    } catch (NoSuchFileException absent) {
      throw cursor.invalid("no such file or directory on the host");
    } catch (IOException failed) {
      throw cursor.invalid("can't be read: " + failed.getMessage());
    }
    throw cursor.invalid("must be a network namespace");
  }

  /** A link of proc says what it leads to; any other says nothing here. */
  private static boolean isOfNetwork(Path link) throws IOException {
    String target = Files.readSymbolicLink(link).toString();
    return !target.endsWith("]") || target.startsWith("net:[");
  }
}
