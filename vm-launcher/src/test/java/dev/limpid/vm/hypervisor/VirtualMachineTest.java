package dev.limpid.vm.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.vm.device.Console;
import dev.limpid.vm.device.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bounds of a machine. */
class VirtualMachineTest {
  @ParameterizedTest
  @CsvSource({
    "63, 1, a virtual machine of 63 MiB",
    "-1, 1, a virtual machine of -1 MiB",
    "1048577, 1, a virtual machine of 1048577 MiB",
    "64, 0, a virtual machine of 0 CPUs",
    "64, -1, a virtual machine of -1 CPUs",
    "64, 257, a virtual machine of 257 CPUs"
  })
  void refuses(int memoryMiB, int vcpus, String problem) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> machine(memoryMiB, vcpus, List.of()));

    assertEquals(problem, e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"64,1", "1048576,256"})
  void takesWhatIsWithinTheBounds(int memoryMiB, int vcpus) {
    VirtualMachine machine = machine(memoryMiB, vcpus, List.of());

    assertEquals(memoryMiB, machine.memoryMiB());
    assertEquals(vcpus, machine.vcpus());
  }

  @Test
  void consistsOfWholePages() {
    assertThrows(IllegalArgumentException.class, () -> inPages(65, 2));
    assertThrows(IllegalArgumentException.class, () -> inPages(512, 1024));

    assertEquals(66, inPages(66, 2).memoryMiB());
    assertEquals(OptionalInt.of(1024), inPages(2048, 1024).hugePageMiB());
  }

  private static VirtualMachine inPages(int memoryMiB, int pageMiB) {
    return new VirtualMachine(
        "x",
        Path.of("/qemu"),
        List.of(),
        Accelerator.TCG,
        memoryMiB,
        OptionalInt.of(pageMiB),
        1,
        Path.of("/vmlinux"),
        Optional.empty(),
        List.of(),
        List.of());
  }

  @Test
  void keepsItsOwnLists() {
    List<Device> devices = new ArrayList<>(List.of(new Console(5)));
    VirtualMachine machine = machine(64, 1, devices);
    devices.clear();

    assertEquals(List.of(new Console(5)), machine.devices());
  }

  private static VirtualMachine machine(int memoryMiB, int vcpus, List<Device> devices) {
    return new VirtualMachine(
        "x",
        Path.of("/qemu"),
        List.of(),
        Accelerator.TCG,
        memoryMiB,
        OptionalInt.empty(),
        vcpus,
        Path.of("/vmlinux"),
        Optional.empty(),
        List.of(),
        devices);
  }
}
