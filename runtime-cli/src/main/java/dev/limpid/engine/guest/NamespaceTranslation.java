package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The section {@code linux.namespaces}: the network namespace is one of the host, in which the VM
 * lives; all others are made in the guest.
 */
final class NamespaceTranslation {
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
          network = Optional.of(Path.of(path.get().asString()));
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
}
