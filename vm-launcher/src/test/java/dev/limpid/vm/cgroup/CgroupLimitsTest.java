package dev.limpid.vm.cgroup;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.vm.cgroup.CgroupTree.Hierarchy;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits are written where there is a file for them; what is missing is named. */
class CgroupLimitsTest {
  private static final LimitSetting WEIGHT =
      LimitSetting.needed(
          "blockIO.weight",
          "blkio",
          new LimitSetting.Write("blkio.weight", "300"),
          new LimitSetting.Write("blkio.bfq.weight", "300"));
  private static final LimitSetting MEMORY =
      LimitSetting.shared(
          "memory.limit", "memory", new LimitSetting.Write("memory.limit_in_bytes", "7"));

  @TempDir private Path directory;

  private HostCgroup cgroup() {
    return new HostCgroup(
        Version.V1,
        List.of(directory.resolve("none"), directory.resolve("blkio")),
        Optional.empty());
  }

  @Test
  void theFirstFileThatTheKernelTakesIsEnough() throws Exception {
    Path blkio = Files.createDirectory(directory.resolve("blkio"));
    Path file = Files.createFile(blkio.resolve("blkio.bfq.weight"));

    CgroupLimits.write(cgroup(), List.of(WEIGHT));

    assertEquals("300", Files.readString(file));
    assertEquals(List.of("blkio.bfq.weight"), List.of(blkio.toFile().list()));
  }

  @Test
  void whatTheGuestAppliesTooMayBeMissing() {
    assertDoesNotThrow(() -> CgroupLimits.write(cgroup(), List.of(MEMORY)));
  }

  @Test
  void whatOnlyTheHostAppliesMayNot() {
    CgroupException e =
        assertThrows(
            CgroupException.class, () -> CgroupLimits.write(cgroup(), List.of(MEMORY, WEIGHT)));

    assertEquals("blockIO.weight: 300: the host's kernel has no such limit here", e.getMessage());
  }

  @Test
  void whatTheKernelRefusesIsNamed() throws IOException {
    Files.createDirectories(directory.resolve("blkio/blkio.weight"));

    CgroupException e =
        assertThrows(CgroupException.class, () -> CgroupLimits.write(cgroup(), List.of(WEIGHT)));

    assertEquals(
        "blockIO.weight: 300: the host's kernel refuses it: Is a directory", e.getMessage());
  }

  @Test
  void theOthersAreWrittenAlthoughOneIsRefused() throws IOException {
    Path blkio = Files.createDirectories(directory.resolve("blkio/blkio.weight")).getParent();
    Path file = Files.createFile(blkio.resolve("memory.limit_in_bytes"));

    assertThrows(
        CgroupException.class, () -> CgroupLimits.write(cgroup(), List.of(WEIGHT, MEMORY)));

    assertEquals("7", Files.readString(file));
  }

  @Test
  void controllersAreMissedBeforeAnythingIsMade() {
    CgroupTree tree =
        new CgroupTree(Version.V1, List.of(new Hierarchy(directory, Set.of("memory"), directory)));

    CgroupException e =
        assertThrows(
            CgroupException.class, () -> CgroupLimits.check(tree, List.of(MEMORY, WEIGHT)));

    assertEquals("blockIO.weight: 300: the host has no controller blkio", e.getMessage());
    assertDoesNotThrow(() -> CgroupLimits.check(tree, List.of(MEMORY)));
    assertDoesNotThrow(
        () -> CgroupLimits.check(new CgroupTree(Version.NONE, List.of()), List.of(MEMORY)));
  }
}
