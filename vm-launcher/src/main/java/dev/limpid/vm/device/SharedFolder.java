package dev.limpid.vm.device;

import java.util.List;

/**
 * The folder that virtiofsd serves.
 *
 * @param socket virtiofsd's socket, absolute or relative to QEMU's working directory
 * @param tag the name by which the guest mounts it
 */
public record SharedFolder(String socket, String tag) implements Device {
  @Override
  public List<String> arguments() {
    return List.of(
        "-chardev",
        "socket,id=share,path=" + QemuOption.value(socket),
        "-device",
        "vhost-user-fs-pci,chardev=share,tag=" + QemuOption.value(tag) + ",queue-size=1024");
  }
}
