package dev.limpid.vm.device;

import java.util.List;

/**
 * The serial line on which the guest's kernel says what goes wrong.
 *
 * @param descriptor a connected socket that QEMU inherits
 */
public record Console(int descriptor) implements Device {
  @Override
  public List<String> arguments() {
    return List.of(
        "-chardev", "socket,id=console,fd=" + descriptor, "-device", "isa-serial,chardev=console");
  }
}
