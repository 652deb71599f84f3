package dev.limpid.oci.config;

import java.util.List;
import java.util.OptionalLong;

/**
 * What a cgroup says of network packets (config-linux.md, "Network").
 *
 * @param classId the class of the packets, 0 to 2^32-1
 * @param priorities of the packets, by interface
 */
public record NetworkResources(OptionalLong classId, List<Priority> priorities) {
  /** Copies the collections. */
  public NetworkResources {
    priorities = List.copyOf(priorities);
  }

  /** Nothing. */
  public static final NetworkResources NONE = new NetworkResources(OptionalLong.empty(), List.of());

  /**
   * The priority of packets through one interface.
   *
   * @param name the interface
   * @param priority 0 to 2^32-1
   */
  public record Priority(String name, long priority) {}
}
