package dev.limpid.vm.cgroup;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Limits on the memory of all of a VM's processes.
 *
 * @param limit bytes, -1 for none
 * @param reservation bytes below which nothing is taken away, -1 for none
 * @param swappiness 0 to 100
 */
public record HostMemory(OptionalLong limit, OptionalLong reservation, OptionalInt swappiness) {
  /** No limit. */
  public static final HostMemory NONE =
      new HostMemory(OptionalLong.empty(), OptionalLong.empty(), OptionalInt.empty());
}
