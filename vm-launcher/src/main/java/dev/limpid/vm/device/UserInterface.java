package dev.limpid.vm.device;

import java.util.List;

/**
 * A network interface of the VM whose packets go to passt (docs/shim.md). It is the only one of its
 * VM, and in the first slot of {@link PciBridge#NETWORK}, which has to be there before it.
 *
 * @param descriptor that of the socket, in QEMU
 * @param mac the address of the guest's side
 */
public record UserInterface(int descriptor, String mac) implements Device {
  /** Its slot. */
  public static final int SLOT = 1;

  private static final String BACKEND = "user";

  @Override
  public List<String> arguments() {
    return List.of(
        "-netdev",
        "stream,id=" + BACKEND + ",server=off,addr.type=fd,addr.str=" + descriptor,
        // Nobody boots from the network, and nobody takes the link down: see TapInterface.
        "-device",
        "virtio-net-pci,netdev="
            + BACKEND
            + ",mac="
            + mac
            + ",romfile=,status=off,bus="
            + PciBridge.NETWORK.bus()
            + ",addr="
            + SLOT);
  }
}
