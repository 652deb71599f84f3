package dev.limpid.vm.device;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.vm.qmp.QmpClient;
import dev.limpid.vm.qmp.QmpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A network interface of the VM: a tap on the host's side, a virtio device in the guest. Plugged
 * into the slot of {@link PciBridge#NETWORK} that has its number, by which the guest's agent finds
 * it.
 *
 * @param slot 1 to {@link PciBridge#SLOTS}
 */
public record TapInterface(int slot) {
  /** What the names of all taps begin with; {@code limpid-shim} ignores news about them. */
  public static final String PREFIX = "limpid";

  /** More do not make it faster. */
  private static final int QUEUES_MAX = 8;

  private static final Path VHOST = Path.of("/dev/vhost-net");

  /** Checks the number. */
  public TapInterface {
    PciBridge.check(slot);
  }

  /** The tap's name in the namespace on the host. */
  public String name() {
    return PREFIX + slot;
  }

  /** How many pairs of queues an interface has in a VM of so many processors. */
  public static int queues(int vcpus) {
    return Math.min(vcpus, QUEUES_MAX);
  }

  /**
   * Plugs it in. The tap has to exist, with {@code vnet_hdr}, and with {@code multi_queue} if there
   * is more than one queue.
   *
   * @param mac the address of the guest's side
   * @param queues pairs of queues, from 1 on
   * @throws QmpException if QEMU refuses it; nothing is left then
   */
  public void plug(QmpClient qmp, String mac, int queues, Duration patience) throws IOException {
    JsonObject.Builder backend =
        JsonObject.builder()
            .put("type", "tap")
            .put("id", backend())
            .put("ifname", name())
            .put("script", "no")
            .put("downscript", "no")
            .put("vnet_hdr", true)
            .put("vhost", Files.exists(VHOST));
    JsonObject.Builder device =
        JsonObject.builder()
            .put("driver", "virtio-net-pci")
            .put("id", device())
            .put("netdev", backend())
            .put("mac", mac)
            // Nobody boots from the network.
            .put("romfile", "")
            // A link that nobody takes down has a carrier from the first: a driver that has to ask
            // for it does so later, and the kernel tells up to a second after that.
            .put("status", false)
            .put("bus", PciBridge.NETWORK.bus())
            .put("addr", Integer.toString(slot));
    if (queues > 1) {
      backend.put("queues", queues);
      // One for each queue, one for control, one for changes of the configuration.
      device.put("mq", true).put("vectors", 2 * queues + 2);
    }
    qmp.execute("netdev_add", backend.build(), patience);
    boolean plugged = false;
    try {
      qmp.execute("device_add", device.build(), patience);
      plugged = true;
    } finally {
      if (!plugged) {
        qmp.execute("netdev_del", named(backend()), patience);
      }
    }
  }

  /**
   * Pulls it out, and waits until the guest has let go of it. The tap is closed in any case.
   *
   * @return false if the guest has not, in time: the slot stays taken
   */
  public boolean unplug(QmpClient qmp, Duration patience) throws IOException {
    boolean gone = Removal.await(() -> isGone(qmp, patience), patience);
    try {
      qmp.execute("netdev_del", named(backend()), patience);
    } catch (QmpException absent) {
      // Never there, or removed before.
    }
    return gone;
  }

  private boolean isGone(QmpClient qmp, Duration patience) throws IOException {
    try {
      qmp.execute("device_del", named(device()), patience);
      return false;
    } catch (QmpException refused) {
      // Otherwise it is being removed already.
      return refused.getMessage().contains("not found");
    }
  }

  private String device() {
    return "nic" + slot;
  }

  private String backend() {
    return "tap" + slot;
  }

  private static JsonObject named(String id) {
    return JsonObject.builder().put("id", id).build();
  }
}
