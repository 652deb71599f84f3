package dev.limpid.vm.device;

import java.util.List;

/**
 * Gives memory back to the host: the guest's kernel reports pages that are free for a second or
 * two, and QEMU lets go of them (free page reporting).
 */
public record Balloon() implements Device {
  @Override
  public List<String> arguments() {
    return List.of(
        "-device", "virtio-balloon-pci,free-page-reporting=on," + PciAddress.BALLOON.option());
  }
}
