package dev.limpid.engine.lifecycle;

import dev.limpid.config.HugePages;
import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.vm.RequestedSize;
import dev.limpid.oci.config.Cpu;
import dev.limpid.oci.config.Resources;
import dev.limpid.vm.cgroup.CpuSet;
import java.util.OptionalLong;

/**
 * How large a container's virtual machine is (docs/resources.md).
 *
 * @param memoryMiB memory in MiB
 * @param vcpus virtual CPUs
 */
record VmSize(int memoryMiB, int vcpus) {
  /**
   * What the guest's kernel, systemd, agent and crun take beside the workload, with room to spare.
   */
  private static final long GUEST_ITSELF_MIB = 128;

  /** The guest's kernel describes each page of memory, also that of its disks, in 64 bytes. */
  private static final long DESCRIBED = 64;

  private static final long MIB = 1 << 20;
  private static final long LARGEST_MIB = 1 << 20;

  /**
   * The configured size, but more memory if the container's limit asks for more, and the processors
   * that its quota and its set of processors come to.
   *
   * @param diskBytes the sizes of the images that the guest sees as memory
   * @param host what there is
   */
  static VmSize of(
      LimpidConfiguration configuration, Resources resources, long diskBytes, HostSize host) {
    long memory = configuration.memoryMiB();
    OptionalLong limit = memoryLimit(resources);
    if (limit.isPresent()) {
      memory = Math.max(memory, Math.min(needed(limit.getAsLong(), diskBytes), host.memoryMiB()));
    }
    return new VmSize((int) Math.min(memory, LARGEST_MIB), vcpus(configuration, resources, host));
  }

  /** The memory of a VM with room for a workload of so many bytes, in MiB. */
  static long needed(long workloadBytes, long diskBytes) {
    long workload = Math.min(workloadBytes / MIB + 1, LARGEST_MIB);
    long without = workload + GUEST_ITSELF_MIB + diskBytes / DESCRIBED / MIB;
    return without + without / (DESCRIBED - 1);
  }

  /** The limit on the workload's memory in bytes, if there is one. */
  static OptionalLong memoryLimit(Resources resources) {
    OptionalLong limit = resources.memory().limit();
    return limit.isPresent() && limit.getAsLong() > 0 ? limit : OptionalLong.empty();
  }

  private static int vcpus(LimpidConfiguration configuration, Resources resources, HostSize host) {
    Cpu cpu = resources.cpu();
    long most = Long.MAX_VALUE;
    if (cpu.quota().orElse(0) > 0) {
      long given = cpu.period().orElse(0);
      long period = given > 0 ? given : Cpu.DEFAULT_PERIOD_MICROS;
      long quota = cpu.quota().getAsLong();
      most = quota / period + (quota % period == 0 ? 0 : 1);
    }
    if (cpu.cpus().isPresent()) {
      most = Math.min(most, CpuSet.parse(cpu.cpus().get()).cardinality());
    }
    return most == Long.MAX_VALUE
        ? configuration.vcpus()
        : (int) Math.max(1, Math.min(most, host.processors()));
  }

  /** This size, but for what is asked for in so many words. */
  VmSize orAsAsked(RequestedSize asked) {
    return new VmSize(asked.memoryMiB().orElse(memoryMiB), asked.vcpus().orElse(vcpus));
  }

  /** This size, but for its memory, which is as many whole pages as that takes. */
  VmSize inWhole(HugePages pages) {
    int page = pages.pageMiB().orElse(1);
    return new VmSize((memoryMiB + page - 1) / page * page, vcpus);
  }

  /** How much of the memory there is for the workload. */
  long workloadBytes() {
    return (memoryMiB - GUEST_ITSELF_MIB) * MIB;
  }
}
