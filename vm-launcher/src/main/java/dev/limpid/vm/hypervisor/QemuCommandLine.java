package dev.limpid.vm.hypervisor;

import dev.limpid.vm.device.Device;
import dev.limpid.vm.device.ImageDisk;
import dev.limpid.vm.device.PmemDisk;
import java.util.ArrayList;
import java.util.List;

/**
 * QEMU's command line. It is started with three descriptors of its shim (docs/shim.md): the agent's
 * port, the listening QMP socket and the guest's console.
 */
public final class QemuCommandLine {
  /** The descriptor that {@link dev.limpid.vm.device.AgentPort} gets. */
  public static final int AGENT_DESCRIPTOR = 3;

  private static final int QMP_DESCRIPTOR = 4;

  /** The first descriptor of a {@link dev.limpid.vm.device.HostDisk}; the others follow. */
  public static final int DISK_DESCRIPTOR = 6;

  /** The descriptor that {@link dev.limpid.vm.device.Console} gets. */
  public static final int CONSOLE_DESCRIPTOR = 5;

  /**
   * Everything that a PC has and a container does not need is off: each device costs the guest time
   * to look at it, and is something to attack.
   */
  private static final String MACHINE =
      "q35,sata=off,usb=off,smbus=off,hpet=off,vmport=off,graphics=off,smm=off,memory-backend=ram";

  /** It starts no programs, and gets no more rights than it has. */
  private static final String SANDBOX =
      "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

  /** mini-os/README.md says why of each. */
  private static final List<String> KERNEL_PARAMETERS = List.of("console=ttyS0", "quiet");

  private static final List<String> ROOT_IN_MEMORY =
      List.of("root=/dev/pmem0", "rootfstype=erofs", "rootflags=dax=always");

  /** The kernel tries the file systems that it has. */
  private static final List<String> ROOT_ON_DISK = List.of("root=/dev/vda");

  private static final List<String> MORE_KERNEL_PARAMETERS =
      List.of(
          "ro",
          "init=/usr/lib/systemd/systemd",
          "tsc=reliable",
          "no_timer_check",
          "noreplace-smp",
          "rcupdate.rcu_expedited=1");

  /** In place of a kernel: it waits for a state, and is stopped until it has all of its devices. */
  public static final List<String> CLONE = List.of("-S", "-incoming", "defer");

  /** q35 wants its memory devices' space in whole GiB, with one to spare for alignment. */
  private static final long MIB_PER_GIB = 1024;

  /** In such steps, so that a template's clones have as much whatever their disks are. */
  private static final long DISKS_MIB = 8 * MIB_PER_GIB;

  /** The memory of a VM that is booted, and what is plugged in later. */
  static final String BACKEND = "memory-backend-memfd";

  private QemuCommandLine() {}

  /** The program and its arguments, for a VM that is booted and keeps its size. */
  static List<String> of(VirtualMachine vm) {
    return of(vm, Growth.NONE, new Origin.Boot());
  }

  /**
   * The program and its arguments.
   *
   * @param growth what may be plugged in later
   * @param origin how it comes to run its guest; whose memory consists of huge pages is booted
   */
  public static List<String> of(VirtualMachine vm, Growth growth, Origin origin) {
    List<String> arguments = new ArrayList<>();
    arguments.add(vm.hypervisor().toString());
    add(arguments, "-name", "limpid-" + vm.name());
    add(arguments, "-M", MACHINE);
    arguments.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"));
    add(arguments, "-sandbox", SANDBOX);
    add(arguments, "-accel", vm.accelerator().option());
    add(arguments, "-cpu", vm.accelerator().cpu());
    add(arguments, "-smp", processors(vm, growth));
    add(
        arguments,
        "-m",
        vm.memoryMiB()
            + "M,slots="
            + (1 + growth.steps())
            + ",maxmem="
            + maxMemoryMiB(vm, growth)
            + "M");
    // Shared, because virtiofsd reads and writes the guest's memory.
    add(arguments, "-object", memory(vm, origin) + ",id=ram,size=" + vm.memoryMiB() + "M,share=on");
    for (Device device : vm.devices()) {
      arguments.addAll(device.arguments());
    }
    add(arguments, "-chardev", "socket,id=qmp,fd=" + QMP_DESCRIPTOR + ",server=on,wait=off");
    add(arguments, "-mon", "chardev=qmp,mode=control");
    if (origin instanceof Origin.Clone) {
      arguments.addAll(CLONE);
    } else {
      arguments.addAll(kernel(vm));
    }
    arguments.addAll(vm.hypervisorParameters());
    return arguments;
  }

  private static List<String> kernel(VirtualMachine vm) {
    List<String> arguments = new ArrayList<>();
    add(arguments, "-kernel", vm.kernel().toString());
    if (vm.initrd().isPresent()) {
      add(arguments, "-initrd", vm.initrd().get().toString());
    }
    List<String> parameters = new ArrayList<>(KERNEL_PARAMETERS);
    parameters.addAll(root(vm));
    parameters.addAll(MORE_KERNEL_PARAMETERS);
    parameters.addAll(vm.kernelParameters());
    add(arguments, "-append", String.join(" ", parameters));
    return arguments;
  }

  private static String memory(VirtualMachine vm, Origin origin) {
    if (vm.hugePageMiB().isPresent()) {
      if (!(origin instanceof Origin.Boot)) {
        throw new IllegalArgumentException("huge pages of a virtual machine that is not booted");
      }
      // The kernel keeps as many for it from the beginning, or refuses.
      return BACKEND + ",hugetlb=on,hugetlbsize=" + vm.hugePageMiB().getAsInt() + "M";
    }
    if (origin instanceof Origin.Template template) {
      return file(template.memoryDescriptor());
    }
    return origin instanceof Origin.Clone clone ? file(clone.memoryDescriptor()) : BACKEND;
  }

  private static String file(int descriptor) {
    return "memory-backend-file,mem-path=/proc/self/fd/" + descriptor;
  }

  private static void add(List<String> arguments, String option, String value) {
    arguments.add(option);
    arguments.add(value);
  }

  private static List<String> root(VirtualMachine vm) {
    for (Device device : vm.devices()) {
      if (device instanceof ImageDisk) {
        return ROOT_ON_DISK;
      }
    }
    return ROOT_IN_MEMORY;
  }

  private static String processors(VirtualMachine vm, Growth growth) {
    return growth.vcpus() > vm.vcpus()
        ? vm.vcpus() + ",maxcpus=" + growth.vcpus()
        : Integer.toString(vm.vcpus());
  }

  private static long maxMemoryMiB(VirtualMachine vm, Growth growth) {
    // Each step may need as much again to be aligned.
    long moreMiB = growth.memoryMiB() + growth.steps() * MIB_PER_GIB;
    long disksMiB = 0;
    for (Device device : vm.devices()) {
      if (device instanceof PmemDisk disk) {
        disksMiB += disk.bytes() >> 20;
      }
    }
    disksMiB = (disksMiB / DISKS_MIB + 1) * DISKS_MIB;
    return vm.memoryMiB() + ((moreMiB + disksMiB) / MIB_PER_GIB + 1) * MIB_PER_GIB;
  }
}
