package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Checks what is special to virtual machines (config-vm.md). */
final class VmParser {
  private VmParser() {}

  static Vm parse(JsonCursor vm) {
    Optional<JsonCursor> hypervisor = vm.optional("hypervisor");
    Optional<JsonCursor> image = vm.optional("image");
    Optional<JsonCursor> hardware = vm.optional("hwConfig");
    return new Vm(
        hypervisor.isEmpty() ? Optional.empty() : Optional.of(hypervisor(hypervisor.get())),
        kernel(vm.required("kernel")),
        image.isEmpty() ? Optional.empty() : Optional.of(image(image.get())),
        hardware.isEmpty() ? Vm.HwConfig.NONE : hardware(hardware.get()));
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

  private static Vm.HwConfig hardware(JsonCursor hardware) {
    Optional<JsonCursor> vcpus = hardware.optional("vcpus");
    Optional<JsonCursor> memory = hardware.optional("memory");
    List<Vm.IoMemory> iomems = new ArrayList<>();
    for (JsonCursor range : hardware.optionalElements("iomems")) {
      iomems.add(
          new Vm.IoMemory(
              range.required("firstGFN").asUint64(),
              range.required("firstMFN").asUint64(),
              range.required("nrMFNs").asUint64()));
    }
    List<Long> irqs = new ArrayList<>();
    for (JsonCursor irq : hardware.optionalElements("irqs")) {
      irqs.add(irq.asUint32());
    }
    return new Vm.HwConfig(
        vcpus.isEmpty() ? OptionalLong.empty() : OptionalLong.of(atLeastOne(vcpus.get())),
        memory.isEmpty() ? OptionalLong.empty() : OptionalLong.of(bytes(memory.get())),
        TextRule.optionalAbsolutePath(hardware, "deviceTree"),
        TextRule.texts(hardware, "dtdevs"),
        iomems,
        irqs);
  }

  private static long atLeastOne(JsonCursor number) {
    return number.asInteger(1, 0xffff_ffffL);
  }

  private static long bytes(JsonCursor number) {
    long bytes = number.asUint64();
    if (bytes == 0) {
      throw number.invalid("must not be 0");
    }
    return bytes;
  }
}
