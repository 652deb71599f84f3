package dev.limpid.oci.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is special to Linux (config-linux.md).
 *
 * @param namespaces the namespaces the container gets or joins, no type twice
 * @param uidMappings of the user namespace
 * @param gidMappings of the user namespace
 * @param devices device nodes to make
 * @param cgroupsPath an absolute or relative path, or {@code slice:prefix:name} for systemd
 * @param resources cgroup limits; {@link Resources#NONE} if absent
 * @param seccomp the system call filter
 * @param sysctl kernel parameters
 * @param maskedPaths absolute paths that cannot be read inside
 * @param readonlyPaths absolute paths that cannot be written inside
 * @param rootfsPropagation one of private, shared, slave, unbindable, or these with an r in front
 * @param mountLabel an SELinux label for the mounts
 * @param intelRdt cache and bandwidth allocation
 * @param personality the execution domain
 * @param timeOffsets of the time namespace, by clock: {@code monotonic} or {@code boottime}
 */
public record Linux(
    List<Namespace> namespaces,
    List<IdMapping> uidMappings,
    List<IdMapping> gidMappings,
    List<Device> devices,
    Optional<String> cgroupsPath,
    Resources resources,
    Optional<Seccomp> seccomp,
    Map<String, String> sysctl,
    List<String> maskedPaths,
    List<String> readonlyPaths,
    Optional<String> rootfsPropagation,
    Optional<String> mountLabel,
    Optional<IntelRdt> intelRdt,
    Optional<Personality> personality,
    Map<String, TimeOffset> timeOffsets) {
  /** Copies the collections. */
  public Linux {
    namespaces = List.copyOf(namespaces);
    uidMappings = List.copyOf(uidMappings);
    gidMappings = List.copyOf(gidMappings);
    devices = List.copyOf(devices);
    sysctl = Collections.unmodifiableMap(new LinkedHashMap<>(sysctl));
    maskedPaths = List.copyOf(maskedPaths);
    readonlyPaths = List.copyOf(readonlyPaths);
    timeOffsets = Collections.unmodifiableMap(new LinkedHashMap<>(timeOffsets));
  }

  /** Nothing of it. */
  public static final Linux NONE =
      new Linux(
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          Optional.empty(),
          Resources.NONE,
          Optional.empty(),
          Map.of(),
          List.of(),
          List.of(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Map.of());

  /** The namespace of a type, if the container gets or joins one of its own. */
  public Optional<Namespace> namespace(NamespaceType type) {
    for (Namespace namespace : namespaces) {
      if (namespace.type() == type) {
        return Optional.of(namespace);
      }
    }
    return Optional.empty();
  }
}
