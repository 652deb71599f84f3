package dev.limpid.vm.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.vm.device.AgentPort;
import dev.limpid.vm.device.Balloon;
import dev.limpid.vm.device.Console;
import dev.limpid.vm.device.Device;
import dev.limpid.vm.device.FileDisk;
import dev.limpid.vm.device.HostDisk;
import dev.limpid.vm.device.ImageDisk;
import dev.limpid.vm.device.PciAddress;
import dev.limpid.vm.device.PciBridge;
import dev.limpid.vm.device.PmemDisk;
import dev.limpid.vm.device.SharedFolder;
import dev.limpid.vm.device.UserInterface;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole command lines, one argument a line, in the files beside this class. */
class QemuCommandLineTest {
  private static final long MIB = 1 << 20;
  private static final VirtualMachine SMALL =
      machine("small", Accelerator.TCG, 64, 1, List.of(), List.of());

  static List<Arguments> machines() {
    Device agent = new AgentPort(QemuCommandLine.AGENT_DESCRIPTOR);
    Device console = new Console(QemuCommandLine.CONSOLE_DESCRIPTOR);
    Device share = new SharedFolder("virtiofsd.sock", "shared");
    PmemDisk image =
        new PmemDisk("image", Path.of("/lib/limpid/mini-os.erofs"), 64 * MIB, PciAddress.IMAGE);
    List<Device> layered = new ArrayList<>(List.of(image, agent, console, share));
    for (int i = 0; i < 10; i++) {
      layered.add(layer(i, Path.of("/var/lib/limpid/layers/" + i + ".erofs"), 200 * MIB));
    }
    return List.of(
        Arguments.of(
            "minimal.txt", machine("minimal", Accelerator.TCG, 64, 1, List.of(), List.of())),
        Arguments.of(
            "kvm.txt",
            machine(
                "web-1.2_x+y",
                Accelerator.KVM,
                2048,
                8,
                List.of("systemd.log_level=debug", "x=a,b"),
                List.of(image, agent, console, share))),
        Arguments.of(
            "commas.txt",
            machine(
                "commas",
                Accelerator.TCG,
                512,
                1,
                List.of(),
                List.of(
                    new PmemDisk("image", Path.of("/a,b/mini,,os"), 2 * MIB, PciAddress.IMAGE),
                    new SharedFolder("/c,d/virtiofsd.sock", "e,f"),
                    layer(0, Path.of("/g,id=ram"), 2 * MIB)))),
        Arguments.of("config-vm.txt", asConfigJsonSays(List.of(agent, console, share))),
        Arguments.of(
            "user-network.txt",
            machine(
                "user-network",
                Accelerator.TCG,
                512,
                1,
                List.of(),
                List.of(
                    new Balloon(),
                    PciBridge.NETWORK,
                    new UserInterface(QemuCommandLine.DISK_DESCRIPTOR + 2, "02:00:00:00:00:01")))),
        Arguments.of("layers.txt", machine("layers", Accelerator.TCG, 512, 2, List.of(), layered)));
  }

  @Test
  void whatMayBePluggedInLaterIsLeftRoomFor() {
    VirtualMachine machine = machine("grows", Accelerator.TCG, 512, 2, List.of(), List.of());

    List<String> growing = QemuCommandLine.of(machine, new Growth(2048, 5, 8), new Origin.Boot());
    List<String> full = QemuCommandLine.of(machine, new Growth(0, 0, 2), new Origin.Boot());

    assertEquals("2,maxcpus=8", growing.get(growing.indexOf("-smp") + 1));
    assertEquals("512M,slots=6,maxmem=16896M", growing.get(growing.indexOf("-m") + 1));
    assertEquals(QemuCommandLine.of(machine), full);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("machines")
  void isAsItWas(String golden, VirtualMachine machine) throws IOException {
    GoldenFile.of(QemuCommandLineTest.class, golden).check(QemuCommandLine.of(machine));
  }

  @Test
  void aTemplateIsBootedInMemoryThatIsGivenToIt() {
    List<String> booted = QemuCommandLine.of(SMALL);
    List<String> template = QemuCommandLine.of(SMALL, Growth.NONE, new Origin.Template(6));

    assertEquals("memory-backend-memfd,id=ram,size=64M,share=on", memory(booted));
    assertEquals(
        "memory-backend-file,mem-path=/proc/self/fd/6,id=ram,size=64M,share=on", memory(template));
    booted.remove(memory(booted));
    template.remove(memory(template));
    assertEquals(booted, template);
  }

  @ParameterizedTest
  @CsvSource({"2, 2M", "1024, 1024M"})
  void memoryCanConsistOfHugePages(int pageMiB, String size) {
    List<String> usual = QemuCommandLine.of(ofPages(OptionalInt.empty()));
    List<String> huge = QemuCommandLine.of(ofPages(OptionalInt.of(pageMiB)));

    assertEquals(
        "memory-backend-memfd,hugetlb=on,hugetlbsize=" + size + ",id=ram,size=2048M,share=on",
        memory(huge));
    usual.remove(memory(usual));
    huge.remove(memory(huge));
    assertEquals(usual, huge);
  }

  @Test
  void noTemplateAndNoCloneHasHugePages() {
    VirtualMachine machine = ofPages(OptionalInt.of(2));

    for (Origin origin : List.of(new Origin.Template(6), new Origin.Clone(6, 7))) {
      assertThrows(
          IllegalArgumentException.class, () -> QemuCommandLine.of(machine, Growth.NONE, origin));
    }
  }

  private static VirtualMachine ofPages(OptionalInt pageMiB) {
    return new VirtualMachine(
        "x",
        Path.of("/qemu"),
        List.of(),
        Accelerator.TCG,
        2048,
        pageMiB,
        1,
        Path.of("/vmlinux"),
        Optional.empty(),
        List.of(),
        List.of());
  }

  @Test
  void aCloneDiffersFromItsTemplateByItsBeginningAlone() {
    List<String> template = QemuCommandLine.of(SMALL, Growth.NONE, new Origin.Template(7));
    List<String> clone = QemuCommandLine.of(SMALL, Growth.NONE, new Origin.Clone(7, 8));

    int kernel = template.indexOf("-kernel");
    assertEquals(template.subList(0, kernel), clone.subList(0, kernel));
    assertEquals(List.of("-S", "-incoming", "defer"), clone.subList(kernel, clone.size()));
  }

  private static String memory(List<String> arguments) {
    return arguments.get(arguments.indexOf("-object") + 1);
  }

  @ParameterizedTest
  @CsvSource({"2,9728", "1024,9728", "8190,9728", "8192,17920", "16384,26112"})
  void leavesSpaceForThePersistentMemory(long diskMiB, int most) {
    PmemDisk disk = layer(0, Path.of("/l"), diskMiB * MIB);
    List<String> arguments =
        QemuCommandLine.of(machine("x", Accelerator.TCG, 512, 1, List.of(), List.of(disk)));

    assertEquals("512M,slots=1,maxmem=" + most + "M", arguments.get(arguments.indexOf("-m") + 1));
  }

  @Test
  void namesTheHypervisorFirst() {
    assertEquals(
        "/usr/bin/qemu-system-x86_64",
        QemuCommandLine.of(machine("x", Accelerator.TCG, 64, 1, List.of(), List.of())).get(0));
  }

  private static VirtualMachine asConfigJsonSays(List<Device> usual) {
    List<Device> devices = new ArrayList<>();
    devices.add(new ImageDisk(Path.of("/images/a,b.qcow2"), "qcow2"));
    devices.addAll(usual);
    devices.add(new HostDisk(0, QemuCommandLine.DISK_DESCRIPTOR, false));
    devices.add(new HostDisk(1, QemuCommandLine.DISK_DESCRIPTOR + 1, true));
    for (int i = 2; i < PciAddress.DISKS_MAX; i++) {
      devices.add(new HostDisk(i, QemuCommandLine.DISK_DESCRIPTOR + i, false));
    }
    devices.add(new FileDisk(QemuCommandLine.DISK_DESCRIPTOR + PciAddress.DISKS_MAX));
    return new VirtualMachine(
        "config-vm",
        Path.of("/opt/qemu"),
        List.of("-device", "virtio-rng-pci"),
        Accelerator.TCG,
        1024,
        OptionalInt.empty(),
        2,
        Path.of("/boot/vmlinuz"),
        Optional.of(Path.of("/boot/initrd,img")),
        List.of("debug"),
        devices);
  }

  private static PmemDisk layer(int index, Path image, long bytes) {
    return new PmemDisk("layer" + index, image, bytes, PciAddress.ofLayer(index));
  }

  private static VirtualMachine machine(
      String name,
      Accelerator accelerator,
      int memoryMiB,
      int vcpus,
      List<String> kernelParameters,
      List<Device> devices) {
    return new VirtualMachine(
        name,
        Path.of("/usr/bin/qemu-system-x86_64"),
        List.of(),
        accelerator,
        memoryMiB,
        OptionalInt.empty(),
        vcpus,
        Path.of("/lib/limpid/vmlinux"),
        Optional.empty(),
        kernelParameters,
        devices);
  }
}
