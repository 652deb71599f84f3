package dev.limpid.vm.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.vm.device.Balloon;
import dev.limpid.vm.device.ImageDisk;
import dev.limpid.vm.device.PciAddress;
import dev.limpid.vm.device.PmemDisk;
import dev.limpid.vm.hypervisor.Accelerator;
import dev.limpid.vm.hypervisor.Growth;
import dev.limpid.vm.hypervisor.Origin;
import dev.limpid.vm.hypervisor.QemuCommandLine;
import dev.limpid.vm.hypervisor.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateDescriptionTest {
  private static final Growth GROWTH = new Growth(1024, 5, 2);

  @TempDir private Path folder;

  @BeforeEach
  void makeFiles() throws IOException {
    for (String name : List.of("qemu", "kernel", "initrd", "image", "disk")) {
      Files.writeString(folder.resolve(name), name);
    }
  }

  private VirtualMachine machine(int memoryMiB, int vcpus, String... parameters) {
    return new VirtualMachine(
        "template",
        folder.resolve("qemu"),
        List.of(),
        Accelerator.TCG,
        memoryMiB,
        OptionalInt.empty(),
        vcpus,
        folder.resolve("kernel"),
        Optional.of(folder.resolve("initrd")),
        List.of(parameters),
        List.of(
            new PmemDisk("image", folder.resolve("image"), 2 << 20, PciAddress.IMAGE),
            new ImageDisk(folder.resolve("disk"), "raw"),
            new Balloon()));
  }

  private String text() throws IOException {
    return TemplateDescription.of(machine(512, 1), GROWTH).text();
  }

  @Test
  void isTheSameForTheSame() throws IOException {
    assertEquals(text(), text());
    assertTrue(text().contains("/proc/self/fd/6"), text());
  }

  @Test
  void isAnotherForAnotherMachine() throws IOException {
    List<TemplateDescription> all = new ArrayList<>();
    all.add(TemplateDescription.of(machine(512, 1), GROWTH));
    all.add(TemplateDescription.of(machine(513, 1), GROWTH));
    all.add(TemplateDescription.of(machine(512, 2), GROWTH));
    all.add(TemplateDescription.of(machine(512, 1, "quiet"), GROWTH));
    all.add(TemplateDescription.of(machine(512, 1), new Growth(4096, 5, 2)));
    all.add(TemplateDescription.of(machine(512, 1), new Growth(1024, 5, 3)));

    assertEquals(all.size(), new HashSet<>(all).size());
    HashSet<String> names = new HashSet<>();
    for (TemplateDescription each : all) {
      assertTrue(each.name().matches("[0-9a-f]{16}"), each.name());
      names.add(each.name());
    }
    assertEquals(all.size(), names.size());
  }

  @Test
  void aClonesHypervisorIsCalledAsTheTemplatesButForTheKernel() throws IOException {
    assertEquals(
        QemuCommandLine.of(machine(512, 1), GROWTH, new Origin.Clone(6, 7)),
        TemplateDescription.of(machine(512, 1), GROWTH).cloneCommand());
    assertThrows(IOException.class, () -> new TemplateDescription("boot x\na\n").cloneCommand());
  }

  @Test
  void isNotCurrentOfAnotherBootOrVersion() throws IOException {
    String text = text();
    assertTrue(new TemplateDescription(text).isCurrent());
    assertFalse(new TemplateDescription(text.replace("\nboot ", "\nboot 0")).isCurrent());
    assertFalse(new TemplateDescription(text.replace("limpid template", "other")).isCurrent());
    assertFalse(new TemplateDescription(text + "file 1:2 3\n").isCurrent());
    assertFalse(new TemplateDescription("").isCurrent());
  }

  @ParameterizedTest
  @ValueSource(strings = {"qemu", "kernel", "initrd", "image", "disk"})
  void isAnotherWhenAFileIs(String name) throws IOException {
    Path file = folder.resolve(name);
    String before = text();
    assertTrue(new TemplateDescription(before).isCurrent());

    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));
    String touched = text();
    Files.writeString(file, "other");
    String written = text();
    Files.move(file, folder.resolve("aside"));
    Files.writeString(file, "other");

    assertNotEquals(before, touched);
    assertFalse(new TemplateDescription(before).isCurrent());
    assertNotEquals(touched, written);
    assertNotEquals(written, text());
    before = text();
    Files.delete(file);
    assertFalse(new TemplateDescription(before).isCurrent());
    assertThrows(NoSuchFileException.class, this::text);
  }

  @Test
  void aNameIsAlwaysAsLong() {
    // Its hash begins with a zero.
    assertEquals("07f89207b4ba08a4", new TemplateDescription("10").name());
    assertEquals("cbf29ce484222325", new TemplateDescription("").name());
    assertEquals("af63dc4c8601ec8c", new TemplateDescription("a").name());
  }
}
