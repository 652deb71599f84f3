package dev.limpid.engine.lifecycle;

import dev.limpid.oci.config.Cpu;
import dev.limpid.oci.config.Resources;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import dev.limpid.vm.cgroup.HostMemory;
import dev.limpid.vm.cgroup.LimitSetting;
import dev.limpid.vm.cgroup.LimitSettings;
import dev.limpid.vm.hypervisor.Accelerator;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a container's limits are for the processes of its VM on the host (docs/resources.md): the
 * workload is held to them in the guest, and here QEMU and the others that serve it come on top.
 *
 * @param memory of all processes
 * @param cpu as config.json has it
 * @param resources where they are from
 */
record HostLimits(HostMemory memory, Cpu cpu, Resources resources) {
  /**
   * What QEMU, virtiofsd and the shim take of their own, whatever the size of the VM: code that
   * QEMU has translated, and 60 MiB, measured, with as much to spare.
   */
  private static final long FIXED_BYTES = (Accelerator.TRANSLATED_MIB + 128L) << 20;

  private static final long MIB = 1 << 20;

  /**
   * The limits of a container.
   *
   * @param size of its VM
   */
  static HostLimits of(Resources resources, VmSize size) {
    long all = allBytes(size);
    OptionalLong limit = resources.memory().limit();
    OptionalLong reservation = resources.memory().reservation();
    if (limit.orElse(0) > 0) {
      limit = OptionalLong.of(all);
    }
    if (reservation.orElse(0) > 0) {
      long beside = all - Math.min(all, size.workloadBytes());
      reservation = OptionalLong.of(Math.min(all, reservation.getAsLong() + beside));
    }
    return new HostLimits(
        new HostMemory(limit, reservation, resources.memory().swappiness()),
        resources.cpu(),
        resources);
  }

  /**
   * The memory that a VM and what serves it can come to: its own, half of that for what the host's
   * kernel keeps of the files that the guest has open, and the rest.
   */
  private static long allBytes(VmSize size) {
    long own = size.memoryMiB() * MIB;
    return own + own / 2 + FIXED_BYTES;
  }

  /** What holds from the beginning. */
  List<LimitSetting> settings(Version version) {
    List<LimitSetting> all = new ArrayList<>();
    all.addAll(LimitSettings.memory(version, memory));
    all.addAll(LimitSettings.processors(version, cpu));
    all.addAll(LimitSettings.blockIo(version, resources.blockIo()));
    all.addAll(LimitSettings.unified(version, resources.unified()));
    return all;
  }

  /** What holds as soon as the guest has booted. */
  List<LimitSetting> bandwidth(Version version) {
    return LimitSettings.bandwidth(version, cpu);
  }
}
