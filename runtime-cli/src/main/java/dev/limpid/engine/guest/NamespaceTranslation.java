package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The section {@code linux.namespaces}: the network namespace is one of the host, in which the VM
 * lives; all others are made in the guest.
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

  /**
   * Translates the section.
   *
   * @param linux the section {@code linux}
   * @throws dev.limpid.oci.json.InvalidSpecException for a namespace of the host that a VM can't be
   *     in
   */
  static Result translate(JsonCursor linux) {
    List<JsonValue> guest = new ArrayList<>();
    Optional<Path> network = Optional.empty();
    boolean ownNetwork = false;
    boolean ownCgroup = false;
    for (JsonCursor namespace : linux.optionalElements("namespaces")) {
      String type = namespace.requiredString("type");
      Optional<JsonCursor> path = namespace.optional("path");
      boolean joins = path.isPresent() && !path.get().asString().isEmpty();
      if (type.equals("network")) {
        ownNetwork = true;
        if (joins) {
          network = Optional.of(networkNamespace(path.get()));
        }
      } else if (joins) {
        throw path.get()
            .invalid(
                "can't be joined: the container's "
                    + type
                    + " namespace is in another kernel, its VM's");
      } else {
        ownCgroup |= type.equals("cgroup");
        guest.add(namespace.value());
      }
    }
    if (!ownNetwork) {
      throw linux.refused(
          "namespaces: must have one of type network: a virtual machine can't use the host's"
              + " interfaces as its own");
    }
    // The guest's only network namespace is the container's. Named by path, so that net.* sysctls
    // are allowed.
    guest.add(JsonObject.builder().put("type", "network").put("path", "/proc/1/ns/net").build());
    if (!ownCgroup) {
      // The host's cgroups are not there to be seen; the guest's own are of no use to a workload.
      guest.add(JsonObject.builder().put("type", "cgroup").build());
    }
    return new Result(new JsonArray(guest), network);
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
