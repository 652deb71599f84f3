package dev.limpid.vm.device;

import java.util.List;

/** Something plugged into a virtual machine when it is started. */
public sealed interface Device
    permits AgentPort,
        Balloon,
        Console,
        FileDisk,
        GenerationId,
        HostDisk,
        ImageDisk,
        PciBridge,
        PmemDisk,
        SharedFolder,
        UserInterface {
  /** QEMU's arguments for it. */
  List<String> arguments();
}
