package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.vm.shim.IdentityMap;
import java.util.List;
import java.util.Optional;

/**
 * How the owners of what is bound are mapped: by {@code mounts[].uidMappings} and {@code
 * gidMappings}, or by the options {@code idmap} and {@code ridmap} as in the container's user
 * namespace. It happens on the host, where the mount is made: the guest's kernel can't do it with
 * what comes from a file server.
 */
final class MountIdentities {
  private MountIdentities() {}

  /**
   * Refuses mappings for what is not bound.
   *
   * @throws dev.limpid.oci.json.InvalidSpecException if there are any
   */
  static void refuse(JsonCursor mount, MountOptions options) {
    if (options.identities() != MountOptions.Identities.KEPT) {
      throw mount.required("options").refused("idmap: only a bind can be mapped");
    }
    for (String member : new String[] {"uidMappings", "gidMappings"}) {
      if (!mount.optionalElements(member).isEmpty()) {
        throw mount.required(member).refused("only a bind can be mapped");
      }
    }
  }

  /**
   * The mapping of a bind, if it is to be mapped.
   *
   * @param config the bundle's config.json
   * @param mount the bind
   * @throws dev.limpid.oci.json.InvalidSpecException if it is not complete
   */
  static Optional<IdentityMap> of(JsonCursor config, JsonCursor mount, MountOptions options) {
    boolean own =
        !mount.optionalElements("uidMappings").isEmpty()
            || !mount.optionalElements("gidMappings").isEmpty();
    if (!own && options.identities() == MountOptions.Identities.KEPT) {
      return Optional.empty();
    }
    JsonCursor section = own ? mount : config.required("linux");
    boolean below = options.identities() == MountOptions.Identities.MAPPED_BELOW;
    return Optional.of(
        new IdentityMap(
            map(mount, section, "uidMappings"), map(mount, section, "gidMappings"), below));
  }

  private static String map(JsonCursor mount, JsonCursor section, String member) {
    List<JsonCursor> elements = section.optionalElements(member);
    if (elements.isEmpty()) {
      throw mount.refused(
          "can't be mapped: neither it nor linux has both uidMappings and gidMappings");
    }
    StringBuilder map = new StringBuilder();
    for (JsonCursor element : elements) {
      map.append(element.required("containerID").asUint32())
          .append(' ')
          .append(element.required("hostID").asUint32())
          .append(' ')
          .append(element.required("size").asUint32())
          .append('\n');
    }
    if (map.length() > IdentityMap.LENGTH_MAX) {
      throw mount.refused("can't be mapped: " + elements.size() + " mappings are too many");
    }
    return map.toString();
  }
}
