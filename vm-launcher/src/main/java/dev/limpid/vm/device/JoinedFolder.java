package dev.limpid.vm.device;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.vm.qmp.QmpClient;
import dev.limpid.vm.qmp.QmpException;
import java.io.IOException;
import java.time.Duration;

/**
 * The folder of a container that joins a VM which runs already: plugged into the slot of {@link
 * PciBridge#JOINED} that has its number.
 *
 * @param container its number in the guest, 1 to {@link PciBridge#SLOTS}
 */
public record JoinedFolder(int container) {
  /** Checks the number. */
  public JoinedFolder {
    PciBridge.check(container);
  }

  /** The name by which the guest mounts it. */
  public String tag() {
    return "joined" + container;
  }

  /**
   * Plugs it in.
   *
   * @param socket virtiofsd's socket, absolute or relative to QEMU's working directory; at most 107
   *     bytes
   * @throws QmpException if QEMU refuses it; nothing is left then
   */
  public void plug(QmpClient qmp, String socket, Duration patience) throws IOException {
    new FolderPlug(device(), chardev(), tag(), PciBridge.JOINED, container)
        .plug(qmp, socket, patience);
  }

  /**
   * Pulls it out, and waits until the guest has let go of it.
   *
   * @return false if the guest has not, in time
   */
  public boolean unplug(QmpClient qmp, Duration patience) throws IOException {
    try {
      qmp.execute("device_del", named(device()), patience);
    } catch (QmpException absent) {
      // It was never there, or is going already.
    }
    return Removal.await(() -> isGone(qmp, patience), patience);
  }

  private boolean isGone(QmpClient qmp, Duration patience) throws IOException {
    try {
      // In use as long as the device is.
      qmp.execute("chardev-remove", named(chardev()), patience);
      return true;
    } catch (QmpException refused) {
      return !refused.getMessage().contains("busy");
    }
  }

  private String device() {
    return "folder" + container;
  }

  private String chardev() {
    return "share" + container;
  }

  private static JsonObject named(String id) {
    return JsonObject.builder().put("id", id).build();
  }
}
