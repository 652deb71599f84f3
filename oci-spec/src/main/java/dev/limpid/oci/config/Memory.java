package dev.limpid.oci.config;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Memory limits of a cgroup (config-linux.md, "Memory"), in bytes; -1 is no limit.
 *
 * @param limit of memory
 * @param reservation below which nothing is reclaimed
 * @param swap of memory and swap together
 * @param kernel of kernel memory, deprecated
 * @param kernelTCP of TCP buffers
 * @param swappiness 0 to 100
 * @param disableOOMKiller whether tasks wait instead of being killed
 * @param useHierarchy whether the groups below count too; so it is in cgroup v2
 * @param checkBeforeUpdate whether a limit below what is in use is refused
 */
public record Memory(
    OptionalLong limit,
    OptionalLong reservation,
    OptionalLong swap,
    OptionalLong kernel,
    OptionalLong kernelTCP,
    OptionalInt swappiness,
    boolean disableOOMKiller,
    boolean useHierarchy,
    boolean checkBeforeUpdate) {

  /** No limit. */
  public static final Memory NONE =
      new Memory(
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalInt.empty(),
          false,
          false,
          false);
}
