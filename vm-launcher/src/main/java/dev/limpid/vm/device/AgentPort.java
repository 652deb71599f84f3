package dev.limpid.vm.device;

import java.util.List;

/**
 * The port over which the host talks with the guest's agent (docs/protocol.md).
 *
 * @param descriptor a connected socket that QEMU inherits
 */
public record AgentPort(int descriptor) implements Device {
  @Override
  public List<String> arguments() {
    return List.of(
        "-chardev",
        "socket,id=agent,fd=" + descriptor,
        "-device",
        "virtio-serial-pci," + PciAddress.PORT.option(),
        "-device",
        "virtserialport,chardev=agent,name=dev.limpid.agent");
  }
}
