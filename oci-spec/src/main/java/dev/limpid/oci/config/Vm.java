package dev.limpid.oci.config;

import java.util.List;
import java.util.Optional;

/**
 * What is special to virtual machines (config-vm.md).
 *
 * @param hypervisor the program that runs the machine
 * @param kernel what the machine boots
 * @param image its root filesystem
 */
public record Vm(Optional<Hypervisor> hypervisor, Kernel kernel, Optional<Image> image) {

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
}
