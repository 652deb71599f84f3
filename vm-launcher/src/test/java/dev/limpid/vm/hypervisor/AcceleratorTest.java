package dev.limpid.vm.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which hosts get KVM. */
class AcceleratorTest {
  private static final String INTEL = "processor\t: 0\nflags\t\t: fpu vmx sse\nvmx flags\t: ept\n";

  private Path device;
  private Path cpuinfo;

  @BeforeEach
  void prepare(@TempDir Path folder) {
    device = folder.resolve("kvm");
    cpuinfo = folder.resolve("cpuinfo");
  }

  static List<Arguments> processors() {
    String neither = "the processor shows neither vmx nor svm in CPUINFO";
    String has = "DEVICE opens, and the processor has what it needs";
    return List.of(
        Arguments.of("", Accelerator.TCG, neither),
        Arguments.of("vendor_id : GenuineIntel\n", Accelerator.TCG, neither),
        Arguments.of("flags\t\t: fpu sse\n", Accelerator.TCG, neither),
        Arguments.of("flags\t\t: fpu vmxx xsvm\n", Accelerator.TCG, neither),
        Arguments.of("model name : vmx svm\nflags : fpu\n", Accelerator.TCG, neither),
        Arguments.of("flags\t\t:\nvmx flags\t: vmx\n", Accelerator.TCG, neither),
        Arguments.of(INTEL, Accelerator.KVM, has),
        Arguments.of("flags\t\t: fpu sse svm\n", Accelerator.KVM, has),
        Arguments.of("flags\t\t: svm\n", Accelerator.KVM, has));
  }

  @ParameterizedTest
  @MethodSource("processors")
  void looksAtTheProcessor(String text, Accelerator accelerator, String reason) throws IOException {
    Files.createFile(device);
    Files.writeString(cpuinfo, text);

    assertEquals(
        new Accelerator.Choice(
            accelerator,
            reason.replace("CPUINFO", cpuinfo.toString()).replace("DEVICE", device.toString())),
        Accelerator.choose("auto", device, cpuinfo));
  }

  @Test
  void withoutTheDeviceThereIsNoKvm() throws IOException {
    Files.writeString(cpuinfo, INTEL);

    assertEquals(
        new Accelerator.Choice(Accelerator.TCG, device + " does not exist or can't be opened"),
        Accelerator.choose("auto", device, cpuinfo));
  }

  @Test
  void withoutAListOfProcessorsNothingIsKnown() throws IOException {
    Files.createFile(device);

    assertThrows(NoSuchFileException.class, () -> Accelerator.choose("auto", device, cpuinfo));
  }

  @Test
  void theConfigurationHasTheLastWord() throws IOException {
    assertEquals(
        new Accelerator.Choice(Accelerator.KVM, "the configuration says so"),
        Accelerator.choose("kvm", device, cpuinfo));
    Files.createFile(device);
    Files.writeString(cpuinfo, INTEL);
    assertEquals(
        new Accelerator.Choice(Accelerator.TCG, "the configuration says so"),
        Accelerator.choose("tcg", device, cpuinfo));
  }

  @Test
  void hasTheWordsThatQemuHas() {
    assertEquals("kvm", Accelerator.KVM.word());
    assertEquals("host", Accelerator.KVM.cpu());
    assertEquals("tcg", Accelerator.TCG.word());
    assertEquals("max", Accelerator.TCG.cpu());
  }
}
