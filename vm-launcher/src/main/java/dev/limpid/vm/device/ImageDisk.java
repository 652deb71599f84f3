package dev.limpid.vm.device;

import java.nio.file.Path;
import java.util.List;

/**
 * An image of the guest's own root filesystem that can't be mapped as memory, as a read-only disk:
 * the first one, {@code /dev/vda}.
 *
 * @param image the file; absolute
 * @param driver QEMU's name for its format
 */
public record ImageDisk(Path image, String driver) implements Device {
  @Override
  public List<String> arguments() {
    return List.of(
        "-blockdev",
        "driver="
            + driver
            + ",node-name=image,read-only=on,file.driver=file,file.filename="
            + QemuOption.value(image.toString()),
        "-device",
        "virtio-blk-pci,drive=image," + PciAddress.IMAGE.option());
  }
}
