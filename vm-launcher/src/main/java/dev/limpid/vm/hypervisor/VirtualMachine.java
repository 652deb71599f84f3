package dev.limpid.vm.hypervisor;

import dev.limpid.vm.device.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The description of a virtual machine.
 *
 * @param name shown in the list of processes; letters, digits and {@code _ + - .}
 * @param hypervisor QEMU's executable; absolute
 * @param hypervisorParameters put behind the arguments that QEMU gets anyway
 * @param accelerator what executes the guest's instructions
 * @param memoryMiB the guest's memory in MiB, 64 to 1048576
 * @param hugePageMiB how large the host's pages are that it consists of, in MiB, and it is a
 *     multiple of that; empty: usual ones
 * @param vcpus virtual CPUs, 1 to 256
 * @param kernel an uncompressed vmlinux; absolute
 * @param initrd an initial RAM disk for it; absolute
 * @param kernelParameters put behind those that every guest has
 * @param devices what is plugged in, in this order
 */
public record VirtualMachine(
    String name,
    Path hypervisor,
    List<String> hypervisorParameters,
    Accelerator accelerator,
    int memoryMiB,
    OptionalInt hugePageMiB,
    int vcpus,
    Path kernel,
    Optional<Path> initrd,
    List<String> kernelParameters,
    List<Device> devices) {
  private static final int MEMORY_MIN = 64;
  private static final int MEMORY_MAX = 1 << 20;
  private static final int VCPUS_MAX = 256;

  /** Checks the ranges and copies the lists. */
  public VirtualMachine {
    if (memoryMiB < MEMORY_MIN || memoryMiB > MEMORY_MAX) {
      throw new IllegalArgumentException("a virtual machine of " + memoryMiB + " MiB");
    }
    if (memoryMiB % hugePageMiB.orElse(1) != 0) {
      throw new IllegalArgumentException(
          "a virtual machine of " + memoryMiB + " MiB in pages of " + hugePageMiB.getAsInt());
    }
    if (vcpus < 1 || vcpus > VCPUS_MAX) {
      throw new IllegalArgumentException("a virtual machine of " + vcpus + " CPUs");
    }
    hypervisorParameters = List.copyOf(hypervisorParameters);
    kernelParameters = List.copyOf(kernelParameters);
    devices = List.copyOf(devices);
  }
}
