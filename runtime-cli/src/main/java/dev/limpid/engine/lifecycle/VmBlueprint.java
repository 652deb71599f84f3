package dev.limpid.engine.lifecycle;

import dev.limpid.config.HugePages;
import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.vm.VmChoice;
import dev.limpid.vm.device.AgentPort;
import dev.limpid.vm.device.Balloon;
import dev.limpid.vm.device.Console;
import dev.limpid.vm.device.Device;
import dev.limpid.vm.device.GenerationId;
import dev.limpid.vm.device.PciBridge;
import dev.limpid.vm.hypervisor.Accelerator;
import dev.limpid.vm.hypervisor.Growth;
import dev.limpid.vm.hypervisor.QemuCommandLine;
import dev.limpid.vm.hypervisor.VirtualMachine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What all VMs of one choice and size have in common, and so their template.
 *
 * @param choice what they are made of
 * @param size how large they are
 * @param host what there is
 */
record VmBlueprint(
    EngineContext context,
    LimpidConfiguration configuration,
    VmChoice choice,
    VmSize size,
    HostSize host) {
  private static final String TEMPLATE = "template";

  /** The guest's kernel keeps some memory for each processor that there could be. */
  private static final int MOST_VCPUS = 32;

  /** As much as the host has, so that {@code update} can give what {@code create} could have. */
  Growth growth() {
    return new Growth(host.memoryMiB(), Growth.STEPS, Math.min(host.processors(), MOST_VCPUS));
  }

  /** Whether it is as VMs are for which nobody says anything. */
  boolean isUsual() {
    return size.memoryMiB() == configuration.memoryMiB()
        && size.vcpus() == configuration.vcpus()
        && choice.hypervisor().equals(configuration.hypervisor())
        && choice.kernel().equals(configuration.kernel())
        && choice.initrd().isEmpty()
        && choice.kernelParameters().equals(configuration.kernelParameters())
        && choice.image().path().equals(configuration.image());
  }

  /** The machine that others are clones of. */
  VirtualMachine template() throws IOException {
    return machine(TEMPLATE, HugePages.NEVER, List.of());
  }

  /**
   * A machine.
   *
   * @param name its name
   * @param own what it has besides the devices that all have
   */
  VirtualMachine machine(String name, List<Device> own) throws IOException {
    return machine(name, choice.hugePages().pages(), own);
  }

  private VirtualMachine machine(String name, HugePages pages, List<Device> own)
      throws IOException {
    Accelerator.Choice accelerator = Accelerator.choose(configuration.accelerator());
    context
        .journal()
        .debug("accelerator: " + accelerator.accelerator().word() + ": " + accelerator.reason());
    List<Device> devices = new ArrayList<>();
    devices.add(choice.image().device());
    devices.add(new AgentPort(QemuCommandLine.AGENT_DESCRIPTOR));
    devices.add(new Console(QemuCommandLine.CONSOLE_DESCRIPTOR));
    if (pages == HugePages.NEVER) {
      // A huge page that it gave back would be anybody's, and the guest would die of missing it.
      devices.add(new Balloon());
    }
    devices.add(new GenerationId());
    devices.addAll(List.of(PciBridge.values()));
    devices.addAll(own);
    return new VirtualMachine(
        name,
        choice.hypervisor(),
        choice.hypervisorParameters(),
        accelerator.accelerator(),
        size.memoryMiB(),
        pages.pageMiB(),
        size.vcpus(),
        choice.kernel(),
        choice.initrd(),
        choice.kernelParameters(),
        devices);
  }
}
