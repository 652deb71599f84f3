package dev.limpid.vm.cgroup;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.vm.cgroup.CgroupTree.Hierarchy;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories come and go. The tree is one of plain files, so the kernel does not fill it. */
class CgroupDirectoriesTest {
  @TempDir private Path mountPoint;
  private final List<Path> made = new ArrayList<>();

  private CgroupTree tree(Version version, String... controllers) {
    return new CgroupTree(
        version, List.of(new Hierarchy(mountPoint, Set.of(controllers), mountPoint)));
  }

  private HostCgroup cgroup(Version version, String path) {
    return new HostCgroup(version, List.of(mountPoint.resolve(path)), Optional.empty());
  }

  @Test
  void areMadeAllTheWayDownAndRemovedAlone() throws Exception {
    HostCgroup cgroup = cgroup(Version.V1, "a/b/c");

    CgroupDirectories.make(tree(Version.V1, "pids"), cgroup, made::add);
    assertEquals(cgroup.directories(), made);
    Files.createDirectories(mountPoint.resolve("a/b/c/made/inside"));
    CgroupDirectories.remove(cgroup.directories());

    assertTrue(Files.isDirectory(mountPoint.resolve("a/b")));
    assertFalse(Files.exists(mountPoint.resolve("a/b/c")));
    assertDoesNotThrow(() -> CgroupDirectories.remove(cgroup.directories()));
  }

  @Test
  void whatWasThereIsNotTakenForMade() throws Exception {
    Files.createDirectories(mountPoint.resolve("a/b"));

    CgroupDirectories.make(tree(Version.V1, "pids"), cgroup(Version.V1, "a/b"), made::add);
    assertEquals(List.of(), made);

    Files.createFile(mountPoint.resolve("a/c"));
    assertThrows(
        CgroupException.class,
        () ->
            CgroupDirectories.make(tree(Version.V1, "pids"), cgroup(Version.V1, "a/c"), made::add));
    assertEquals(List.of(), made);
  }

  @Test
  void parentsHandTheirControllersOn() throws Exception {
    Files.writeString(mountPoint.resolve("cgroup.controllers"), "cpu memory pids\n");
    Files.writeString(mountPoint.resolve("cgroup.subtree_control"), "cpu pids");
    Files.createDirectory(mountPoint.resolve("a"));
    Files.writeString(mountPoint.resolve("a/cgroup.controllers"), "io\n");
    Files.writeString(mountPoint.resolve("a/cgroup.subtree_control"), "\n");

    CgroupDirectories.make(tree(Version.V2), cgroup(Version.V2, "a/b"), made::add);

    // A plain file has what was written last, and keeps what was behind it.
    assertEquals("+memorys", Files.readString(mountPoint.resolve("cgroup.subtree_control")));
    assertEquals("+io", Files.readString(mountPoint.resolve("a/cgroup.subtree_control")));
  }

  @Test
  void othersProcessesAreNotJoined() throws IOException {
    Files.createDirectory(mountPoint.resolve("a"));
    Files.writeString(mountPoint.resolve("a/cgroup.procs"), "17\n18\n");

    CgroupException e =
        assertThrows(
            CgroupException.class, () -> CgroupDirectories.refuseUsed(cgroup(Version.V1, "a")));

    assertEquals(
        mountPoint.resolve("a") + ": container's cgroup is not empty: process 17 is in it",
        e.getMessage());
    assertDoesNotThrow(() -> CgroupDirectories.refuseUsed(cgroup(Version.V1, "none")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/b", "a/b/c"})
  void groupsOfOthersAreNotTakenOver(String inside) throws IOException {
    Files.createDirectories(mountPoint.resolve(inside));

    CgroupException e =
        assertThrows(
            CgroupException.class, () -> CgroupDirectories.refuseUsed(cgroup(Version.V1, "a")));

    assertEquals(
        mountPoint.resolve("a") + ": container's cgroup is not empty: there is a group b in it",
        e.getMessage());
  }

  @Test
  void processesBelowAreFoundToo() throws Exception {
    Files.createDirectories(mountPoint.resolve("a/b"));
    Files.writeString(mountPoint.resolve("a/cgroup.procs"), "17\n18\n");
    Files.writeString(mountPoint.resolve("a/b/cgroup.procs"), "0\n19\n17\n");

    assertEquals(Set.of(17L, 18L, 19L), CgroupDirectories.processes(cgroup(Version.V1, "a")));
    assertEquals(Set.of(), CgroupDirectories.processes(cgroup(Version.V1, "none")));
  }

  @Test
  void aFileInTheWayIsNamed() throws IOException {
    Files.createFile(mountPoint.resolve("a"));

    CgroupException e =
        assertThrows(
            CgroupException.class,
            () ->
                CgroupDirectories.make(
                    tree(Version.V1, "pids"), cgroup(Version.V1, "a"), made::add));

    assertEquals(mountPoint.resolve("a") + ": not a directory", e.getMessage());
  }
}
