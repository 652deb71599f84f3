package dev.limpid.vm.device;

import java.nio.file.Path;
import java.util.List;

/**
 * A file of the host that the guest sees as read-only persistent memory: its pages in the host's
 * cache are the guest's (DAX), for every VM that uses the file.
 *
 * @param id QEMU's name for it; letters and digits
 * @param image the file; absolute
 * @param bytes its size; a multiple of 2 MiB
 * @param address where it is on the PCI bus
 */
public record PmemDisk(String id, Path image, long bytes, PciAddress address) implements Device {
  private static final long ALIGNMENT = 2L << 20;

  /** Checks the size. */
  public PmemDisk {
    if (bytes <= 0 || bytes % ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          image + ": " + bytes + " bytes: must be a multiple of 2 MiB");
    }
  }

  @Override
  public List<String> arguments() {
    return List.of(
        "-object",
        "memory-backend-file,id="
            + id
            + ",mem-path="
            + QemuOption.value(image.toString())
            + ",size="
            + bytes
            + ",share=on,readonly=on",
        "-device",
        "virtio-pmem-pci,memdev=" + id + "," + address.option());
  }
}
