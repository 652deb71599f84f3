package dev.limpid.config;

import dev.limpid.oci.json.JsonCursor;

/**
 * Something of a VM that config.json may choose, but only where the administrator allows it (the
 * key {@code allow}): callers let their users set annotations, and more.
 */
public enum Permission {
  /** The hypervisor's executable. */
  HYPERVISOR_PATH("vm.hypervisor.path"),
  /** Arguments of the hypervisor. */
  HYPERVISOR_PARAMETERS("vm.hypervisor.parameters"),
  /** The guest's kernel. */
  KERNEL_PATH("vm.kernel.path"),
  /** The kernel's command line. */
  KERNEL_PARAMETERS("vm.kernel.parameters"),
  /** An initial RAM disk. */
  KERNEL_INITRD("vm.kernel.initrd"),
  /** The guest's own root filesystem, and its format. */
  IMAGE_PATH("vm.image.path"),
  /** The number of virtual CPUs. */
  HARDWARE_VCPUS("vm.hwConfig.vcpus"),
  /** The VM's memory. */
  HARDWARE_MEMORY("vm.hwConfig.memory"),
  /** The VM's memory, by annotation. */
  MEMORY("dev.limpid.memory"),
  /** The number of virtual CPUs, by annotation. */
  VCPUS("dev.limpid.vcpus"),
  /** How the container's root filesystem gets into the VM. */
  ROOTFS("dev.limpid.rootfs"),
  /** How large the disk is that holds what the container writes. */
  DISK("dev.limpid.disk"),
  /** Which ports of the network that it shares lead to the container. */
  PORTS("dev.limpid.ports"),
  /** Whether the VM is made from a template. */
  TEMPLATE("dev.limpid.template"),
  /** Whether the VM's memory consists of huge pages. */
  HUGE_PAGES("dev.limpid.hugepages");

  private final String word;

  Permission(String word) {
    this.word = word;
  }

  /** Its name in the configuration, and where it is to be found in config.json. */
  public String word() {
    return word;
  }

  static Permission of(JsonCursor name) {
    String text = name.asString();
    for (Permission permission : values()) {
      if (permission.word.equals(text)) {
        return permission;
      }
    }
    throw name.invalid("is nothing that can be allowed; see docs/configuration.md for what can");
  }
}
