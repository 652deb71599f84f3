package dev.limpid.vm.device;

import java.util.List;

/**
 * A second PCI bus, into whose slots the folders of containers are plugged that join the VM later:
 * the first takes nothing any more once the VM runs. A bridge for all of them costs the guest no
 * measurable time at its start, unlike a PCI Express port for each.
 */
public record JoinBridge() implements Device {
  /** How many slots it has, from 1 on. */
  public static final int SLOTS = 31;

  static final String BUS = "joined";

  @Override
  public List<String> arguments() {
    return List.of("-device", "pcie-pci-bridge,id=" + BUS + "," + PciAddress.BRIDGE.option());
  }
}
