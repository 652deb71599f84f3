package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.Optional;

/** Checks what is special to virtual machines (config-vm.md). */
final class VmParser {
  private VmParser() {}

  static Vm parse(JsonCursor vm) {
    Optional<JsonCursor> hypervisor = vm.optional("hypervisor");
    Optional<JsonCursor> image = vm.optional("image");
    return new Vm(
        hypervisor.isEmpty() ? Optional.empty() : Optional.of(hypervisor(hypervisor.get())),
        kernel(vm.required("kernel")),
        image.isEmpty() ? Optional.empty() : Optional.of(image(image.get())));
  }

  private static Vm.Hypervisor hypervisor(JsonCursor hypervisor) {
    return new Vm.Hypervisor(
        TextRule.absolutePath(hypervisor.required("path")),
        TextRule.texts(hypervisor, "parameters"));
  }

  private static Vm.Kernel kernel(JsonCursor kernel) {
    return new Vm.Kernel(
        TextRule.absolutePath(kernel.required("path")),
        TextRule.texts(kernel, "parameters"),
        TextRule.optionalAbsolutePath(kernel, "initrd"));
  }

  private static Vm.Image image(JsonCursor image) {
    JsonCursor format = image.required("format");
    return switch (format.asString()) {
      case "raw", "qcow2", "vdi", "vmdk", "vhd" ->
          new Vm.Image(TextRule.absolutePath(image.required("path")), format.asString());
      default -> throw format.invalid("must be one of raw, qcow2, vdi, vmdk and vhd");
    };
  }
}
