package dev.limpid.oci.config;

import java.util.List;
import java.util.Optional;

/**
 * A mount besides the root (config.md, "Mounts").
 *
 * @param destination where in the container, absolute
 * @param type the filesystem type; absent with bind mounts
 * @param source a device, a name, or for bind mounts a path, absolute or relative to the bundle
 * @param options mount options in their order
 * @param uidMappings user mappings of the mount
 * @param gidMappings group mappings of the mount
 */
public record Mount(
    String destination,
    Optional<String> type,
    Optional<String> source,
    List<String> options,
    List<IdMapping> uidMappings,
    List<IdMapping> gidMappings) {
  /** Copies the collections. */
  public Mount {
    options = List.copyOf(options);
    uidMappings = List.copyOf(uidMappings);
    gidMappings = List.copyOf(gidMappings);
  }

  /** Whether an existing tree is bound, rather than a filesystem mounted. */
  public boolean isBind() {
    return options.contains("bind")
        || options.contains("rbind")
        || (type.isPresent() && type.get().equals("bind"));
  }
}
