package dev.limpid.vm.device;

import java.util.List;

/**
 * Another PCI bus, into whose slots devices are plugged when the VM runs already: the first takes
 * nothing any more then. A bridge for many of them costs the guest no measurable time at its start,
 * unlike a PCI Express port for each.
 */
public enum PciBridge implements Device {
  /** For the folders of containers that join the VM. */
  JOINED("joined", 9),
  /** For the folder of a VM that is the clone of a template. */
  SHARED("shared", 5),
  /** For network interfaces. The guest's agent knows where it is (docs/protocol.md). */
  NETWORK("network", 8);

  /** How many slots each has, from 1 on. */
  public static final int SLOTS = 31;

  private final String bus;
  private final int slot;

  PciBridge(String bus, int slot) {
    this.bus = bus;
    this.slot = slot;
  }

  /** The name of the bus behind it. */
  String bus() {
    return bus;
  }

  @Override
  public List<String> arguments() {
    return List.of(
        "-device", "pcie-pci-bridge,id=" + bus + "," + new PciAddress(slot, 0, false).option());
  }

  /**
   * Checks that there is a slot of this number.
   *
   * @throws IllegalArgumentException if there is none
   */
  static void check(int number) {
    if (number < 1 || number > SLOTS) {
      throw new IllegalArgumentException("PCI slot " + number);
    }
  }
}
