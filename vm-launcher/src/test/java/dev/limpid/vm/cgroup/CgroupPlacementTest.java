package dev.limpid.vm.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.vm.cgroup.CgroupPlacement.Scope;
import dev.limpid.vm.cgroup.CgroupTree.Hierarchy;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** linux.cgroupsPath, on hosts of both versions. */
class CgroupPlacementTest {
  private static final CgroupTree FIRST =
      new CgroupTree(
          Version.V1,
          List.of(
              new Hierarchy(Path.of("/c/cpu"), Set.of("cpu"), Path.of("/c/cpu")),
              new Hierarchy(Path.of("/c/memory"), Set.of("memory"), Path.of("/c/memory/p/7"))));

  private static CgroupTree second(String own) {
    return new CgroupTree(
        Version.V2, List.of(new Hierarchy(Path.of("/c"), Set.of(), Path.of(own))));
  }

  private static CgroupPlacement place(CgroupTree tree, String path, boolean systemd) {
    return CgroupPlacement.of(tree, "config.json", Optional.ofNullable(path), "web", systemd);
  }

  @ParameterizedTest
  @CsvSource({
    "/docker/1, /c/cpu/docker/1, /c/memory/docker/1",
    "//docker/./1/, /c/cpu/docker/1, /c/memory/docker/1",
    "a/b, /c/cpu/a/b, /c/memory/p/7/a/b",
    "a:b:c, /c/cpu/a:b:c, /c/memory/p/7/a:b:c",
    ", /c/cpu/web, /c/memory/p/7/web",
  })
  void onVersionOne(String path, String cpu, String memory) {
    assertEquals(
        new CgroupPlacement(
            FIRST,
            new HostCgroup(Version.V1, List.of(Path.of(cpu), Path.of(memory)), Optional.empty()),
            Optional.empty()),
        place(FIRST, path, false));
  }

  @ParameterizedTest
  @CsvSource({
    "/, /docker/1, /c/docker/1",
    "/, a, /c/a",
    "/, , /c/web",
    "/user.slice/s.scope, /docker/1, /c/docker/1",
    "/user.slice/s.scope, a, /c/user.slice/a",
    "/user.slice/s.scope, , /c/user.slice/web",
  })
  void onVersionTwo(String own, String path, String directory) {
    HostCgroup cgroup = place(second("/c" + own), path, false).cgroup();

    assertEquals(List.of(Path.of(directory)), cgroup.directories());
    assertEquals(Version.V2, cgroup.version());
  }

  @Test
  void withSystemd() {
    CgroupPlacement placement = place(FIRST, "a-b.slice:docker:1", true);

    assertEquals(
        List.of(
            Path.of("/c/cpu/a.slice/a-b.slice/docker-1.scope"),
            Path.of("/c/memory/a.slice/a-b.slice/docker-1.scope")),
        placement.cgroup().directories());
    assertEquals(Optional.of("docker-1.scope"), placement.cgroup().scope());
    assertEquals(Optional.of(new Scope("a-b.slice", "docker-1.scope")), placement.scope());
  }

  @Test
  void withSystemdAndNoPath() {
    assertEquals(
        Optional.of(new Scope("system.slice", "limpid-web.scope")),
        place(second("/c"), null, true).scope());
  }

  @Test
  void withSystemdAnIdMayBeTooLong() {
    String id = "n".repeat(243);

    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () -> CgroupPlacement.of(FIRST, "config.json", Optional.empty(), id, true));

    assertEquals(
        "config.json: linux.cgroupsPath: "
            + id
            + ": is too long an id for the name of a unit of systemd",
        e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/../a", "../a", "a/../b", "/a/..", ".."})
  void doesNotLeadUpwards(String path) {
    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> place(FIRST, path, false));

    assertEquals(
        "config.json: linux.cgroupsPath: " + path + ": must not lead upwards", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "//", ".", "/./"})
  void isNotTheRoot(String path) {
    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> place(FIRST, path, false));

    assertEquals(
        "config.json: linux.cgroupsPath: " + path + ": must not be the root of all groups",
        e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/docker/1", "a:b", "a.slice:b:c:d", "a:b:c", "a.slice:b:", "../x.slice:b:c"})
  void withSystemdItNamesAScope(String path) {
    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> place(FIRST, path, true));

    assertEquals(
        "config.json: linux.cgroupsPath: "
            + path
            + ": must be slice:prefix:name, as --systemd-cgroup says that it is",
        e.getMessage());
  }
}
