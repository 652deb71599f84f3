package dev.limpid.vm.device;

import java.util.List;

/**
 * A block device of the host that the guest gets as a disk.
 *
 * @param index 0 to {@link PciAddress#DISKS_MAX} - 1
 * @param descriptor the opened device, which QEMU inherits: it could not open it for writing itself
 * @param readOnly whether the guest may only read it; otherwise the descriptor is one to write on
 */
public record HostDisk(int index, int descriptor, boolean readOnly) implements Device {
  /** By what the guest tells this disk from the others; at most 20 bytes. */
  public String serial() {
    return "limpid-disk-" + index;
  }

  @Override
  public List<String> arguments() {
    String node = "disk" + index;
    return List.of(
        "-add-fd",
        "fd=" + descriptor + ",set=" + index,
        "-blockdev",
        "driver=host_device,node-name="
            + node
            + ",filename=/dev/fdset/"
            + index
            + ",read-only="
            + (readOnly ? "on" : "off"),
        "-device",
        "virtio-blk-pci,drive="
            + node
            + ",serial="
            + serial()
            // The guest is told of errors. QEMU would stop the VM when the device is full.
            + ",werror=report,rerror=report,"
            + PciAddress.ofDisk(index).option());
  }
}
