package dev.limpid.vm.device;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.vm.qmp.QmpClient;
import dev.limpid.vm.qmp.QmpException;
import java.io.IOException;
import java.time.Duration;

/**
 * Plugs the folder of a virtiofsd into a VM that runs, or is stopped.
 *
 * @param device QEMU's name for the device
 * @param chardev its name for the connection to virtiofsd
 * @param tag the name by which the guest mounts it
 * @param bridge where it is plugged in
 * @param slot 1 to {@link PciBridge#SLOTS}
 */
record FolderPlug(String device, String chardev, String tag, PciBridge bridge, int slot) {
  /**
   * Plugs it in.
   *
   * @param socket virtiofsd's socket, absolute or relative to QEMU's working directory; at most 107
   *     bytes
   * @throws QmpException if QEMU refuses it; nothing is left then
   */
  void plug(QmpClient qmp, String socket, Duration patience) throws IOException {
    JsonObject address =
        JsonObject.builder()
            .put("type", "unix")
            .put("data", JsonObject.builder().put("path", socket).build())
            .build();
    JsonObject data = JsonObject.builder().put("addr", address).put("server", false).build();
    qmp.execute(
        "chardev-add",
        JsonObject.builder()
            .put("id", chardev)
            .put("backend", JsonObject.builder().put("type", "socket").put("data", data).build())
            .build(),
        patience);
    try {
      qmp.execute(
          "device_add",
          JsonObject.builder()
              .put("driver", "vhost-user-fs-pci")
              .put("id", device)
              .put("chardev", chardev)
              .put("tag", tag)
              .put("queue-size", 1024)
              .put("bus", bridge.bus())
              .put("addr", Integer.toString(slot))
              .build(),
          patience);
    } catch (QmpException refused) {
      qmp.execute("chardev-remove", JsonObject.builder().put("id", chardev).build(), patience);
      throw refused;
    }
  }
}
