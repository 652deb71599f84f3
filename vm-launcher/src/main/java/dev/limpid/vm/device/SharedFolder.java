package dev.limpid.vm.device;

import dev.limpid.vm.qmp.QmpClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * The folder that virtiofsd serves.
 *
 * @param socket virtiofsd's socket, absolute or relative to QEMU's working directory
 * @param tag the name by which the guest mounts it
 */
public record SharedFolder(String socket, String tag) implements Device {
  /**
   * Plugs it into a VM that is there already, instead.
   *
   * @throws IOException with the monitor's words if it can't be done; nothing is left then
   */
  public void plug(QmpClient qmp, Duration patience) throws IOException {
    new FolderPlug("folder", "share", tag, PciBridge.SHARED, 1).plug(qmp, socket, patience);
  }

  @Override
  public List<String> arguments() {
    return List.of(
        "-chardev",
        "socket,id=share,path=" + QemuOption.value(socket),
        "-device",
        "vhost-user-fs-pci,chardev=share,tag="
            + QemuOption.value(tag)
            + ",queue-size=1024,"
            + PciAddress.SHARE.option());
  }
}
