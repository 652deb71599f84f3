package dev.limpid.oci.config;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What is special to virtual machines (config-vm.md).
 *
 * @param hypervisor the program that runs the machine
 * @param kernel what the machine boots
 * @param image its root filesystem
 * @param hwConfig its hardware; {@link HwConfig#NONE} if absent
 */
public record Vm(
    Optional<Hypervisor> hypervisor, Kernel kernel, Optional<Image> image, HwConfig hwConfig) {

  /**
   * The program that runs the machine.
   *
   * @param path the program on the host, absolute
   * @param parameters arguments of the program
   */
  public record Hypervisor(String path, List<String> parameters) {
    /** Copies the collections. */
    public Hypervisor {
      parameters = List.copyOf(parameters);
    }
  }

  /**
   * The kernel that the machine boots.
   *
   * @param path the kernel on the host, absolute
   * @param parameters the words of its command line
   * @param initrd the initial RAM disk on the host, absolute
   */
  public record Kernel(String path, List<String> parameters, Optional<String> initrd) {
    /** Copies the collections. */
    public Kernel {
      parameters = List.copyOf(parameters);
    }
  }

  /**
   * The root filesystem of the machine, which holds the containers' and is not one of theirs.
   *
   * @param path the image on the host, absolute
   * @param format one of raw, qcow2, vdi, vmdk and vhd
   */
  public record Image(String path, String format) {}

  /**
   * The hardware of the machine.
   *
   * @param vcpus how many virtual CPUs; 1 to 2³²-1
   * @param memory how much memory at most, in bytes; the bits of an unsigned number that is not 0
   * @param deviceTree the device tree on the host, absolute
   * @param dtdevs the nodes of the host's device tree that the machine gets
   * @param iomems the ranges of the host's I/O memory that the machine gets
   * @param irqs the host's interrupts that the machine gets; 0 to 2³²-1
   */
  public record HwConfig(
      OptionalLong vcpus,
      OptionalLong memory,
      Optional<String> deviceTree,
      List<String> dtdevs,
      List<IoMemory> iomems,
      List<Long> irqs) {
    /** Nothing is said of the hardware. */
    public static final HwConfig NONE =
        new HwConfig(
            OptionalLong.empty(),
            OptionalLong.empty(),
            Optional.empty(),
            List.of(),
            List.of(),
            List.of());

    /** Copies the collections. */
    public HwConfig {
      dtdevs = List.copyOf(dtdevs);
      iomems = List.copyOf(iomems);
      irqs = List.copyOf(irqs);
    }
  }

  /**
   * A range of the host's I/O memory; all are the bits of unsigned numbers.
   *
   * @param firstGfn the first page frame in the machine
   * @param firstMfn the first page frame of the host
   * @param nrMfns how many page frames
   */
  public record IoMemory(long firstGfn, long firstMfn, long nrMfns) {}
}
