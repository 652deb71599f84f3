package dev.limpid.vm.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.vm.cgroup.CgroupTree.Hierarchy;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import dev.limpid.vm.mountinfo.HostMount;
import dev.limpid.vm.mountinfo.MountTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the kernel tells of mounts and of this process becomes directories. */
class CgroupTreeTest {
  static HostMount mount(String root, String at, String type, String options) {
    return new HostMount("0:1", Path.of(root), Path.of(at), false, type, options);
  }

  static MountTable table(HostMount... mounts) {
    return new MountTable(List.of(mounts));
  }

  @Test
  void hasNothingWithoutMounts() {
    assertEquals(
        new CgroupTree(Version.NONE, List.of()),
        CgroupTree.of(table(mount("/", "/", "ext4", "rw")), "0::/\n"));
  }

  @Test
  void isOfVersionTwoIfThereIsNothingElse() {
    assertEquals(
        new CgroupTree(
            Version.V2,
            List.of(
                new Hierarchy(
                    Path.of("/sys/fs/cgroup"),
                    Set.of(),
                    Path.of("/sys/fs/cgroup/user.slice/a.scope")))),
        CgroupTree.of(
            table(
                mount("/", "/sys/fs/cgroup", "cgroup2", "rw,nsdelegate"),
                mount("/", "/elsewhere", "cgroup2", "rw")),
            "0::/user.slice/a.scope\n"));
  }

  @Test
  void isOfVersionOneWithControllersAndNames() {
    CgroupTree tree =
        CgroupTree.of(
            table(
                mount("/", "/c/unified", "cgroup2", "rw"),
                mount("/", "/c/systemd", "cgroup", "rw,xattr,name=systemd"),
                mount("/", "/c/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct"),
                mount("/", "/c/memory", "cgroup", "rw,memory"),
                mount("/", "/again/memory", "cgroup", "rw,memory"),
                mount("/", "/c/none", "cgroup", "rw,release_agent=/x")),
            """
            5:memory:/process/7
            4:cpu,cpuacct:/
            1:name=systemd:/user.slice
            0::/user.slice/x
            """);

    assertEquals(
        new CgroupTree(
            Version.V1,
            List.of(
                new Hierarchy(
                    Path.of("/c/systemd"),
                    Set.of("name=systemd"),
                    Path.of("/c/systemd/user.slice")),
                new Hierarchy(
                    Path.of("/c/cpu,cpuacct"), Set.of("cpu", "cpuacct"), Path.of("/c/cpu,cpuacct")),
                new Hierarchy(
                    Path.of("/c/memory"), Set.of("memory"), Path.of("/c/memory/process/7")),
                new Hierarchy(
                    Path.of("/c/unified"), Set.of(), Path.of("/c/unified/user.slice/x")))),
        tree);
    assertEquals(Path.of("/c/memory"), tree.with("memory").orElseThrow().mountPoint());
    assertEquals(List.of(), new ArrayList<>(tree.with("pids").stream().toList()));
  }

  @Test
  void aNamedHierarchyAloneIsNotVersionOne() {
    CgroupTree tree =
        CgroupTree.of(
            table(
                mount("/", "/sys/fs/cgroup", "cgroup2", "rw"),
                mount("/", "/c/systemd", "cgroup", "rw,name=systemd")),
            "1:name=systemd:/\n0::/\n");

    assertEquals(Version.V2, tree.version());
    assertEquals(1, tree.hierarchies().size());
  }

  @Test
  void pathsOfAHostAreThoseOfThePartThatIsMounted() {
    assertEquals(
        Path.of("/c/memory/below"),
        CgroupTree.of(
                table(mount("/docker/1", "/c/memory", "cgroup", "rw,memory")),
                "1:memory:/docker/1/below\n")
            .hierarchies()
            .get(0)
            .own());
    assertEquals(
        Path.of("/c/memory"),
        CgroupTree.of(
                table(mount("/docker/1", "/c/memory", "cgroup", "rw,memory")),
                "1:memory:/elsewhere\n")
            .hierarchies()
            .get(0)
            .own());
  }
}
