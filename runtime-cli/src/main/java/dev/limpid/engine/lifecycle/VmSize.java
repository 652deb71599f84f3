package dev.limpid.engine.lifecycle;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.oci.config.Resources;
import java.util.OptionalLong;

/**
 * How large a container's virtual machine is.
 *
 * @param memoryMiB memory in MiB
 * @param vcpus virtual CPUs
 */
record VmSize(int memoryMiB, int vcpus) {
  /**
   * What the guest's kernel, systemd, agent and crun take beside the workload, with room to spare.
   */
  private static final long GUEST_ITSELF_MIB = 128;

  private static final long MIB = 1 << 20;
  private static final long LARGEST_MIB = 1 << 20;

  /** The configured size, or what a container's memory limit asks for if that is more. */
  static VmSize of(LimpidConfiguration configuration, Resources resources) {
    long memory = configuration.memoryMiB();
    OptionalLong limit = resources.memory().limit();
    if (limit.isPresent() && limit.getAsLong() > 0) {
      long needed = Math.min(limit.getAsLong() / MIB + 1, LARGEST_MIB) + GUEST_ITSELF_MIB;
      memory = Math.max(memory, Math.min(needed, LARGEST_MIB));
    }
    return new VmSize((int) memory, configuration.vcpus());
  }

  /** How much of the memory there is for the workload. */
  long workloadBytes() {
    return (memoryMiB - GUEST_ITSELF_MIB) * MIB;
  }
}
