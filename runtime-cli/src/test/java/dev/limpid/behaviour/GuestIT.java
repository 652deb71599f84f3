package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Inside there is another machine: its own kernel, its own init, its own file systems. */
@VmOnly
final class GuestIT extends Behaviour {
  private static final String LOOK =
      "echo \"kernel: $(uname -r)\"; echo \"init: $(cat /proc/1/comm)\";"
          + " agent=$(grep -lsx limpid-agent /proc/[0-9]*/comm);"
          + " cat /proc/self/mountinfo ${agent%comm}mounts /proc/cmdline";

  @Test
  void theKernelIsItsOwnAndInitIsSystemd() throws Exception {
    Path bundle =
        sandbox()
            .bundle()
            .withoutNamespaces("pid")
            .mount("/mnt", "bind", sandbox().directory().toString(), "bind")
            .script(LOOK)
            .write();
    Outcome outcome =
        runtime().call("run", "--bundle", bundle.toString(), sandbox().id()).succeeded();
    String host = Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip();
    String kernel = outcome.lines()[0].replace("kernel: ", "");
    assertFalse(kernel.isEmpty() || kernel.equals(host), outcome::toString);
    assertEquals("init: systemd", outcome.lines()[1]);
    assertTrue(outcome.out().contains(" / rw,relatime - virtiofs "), outcome::toString);
    assertFalse(outcome.out().contains(sandbox().directory().toString()), outcome::toString);
  }

  @Test
  void anOverlayIsMadeOfTheSameLayersInside() throws Exception {
    Path store = Files.createDirectory(sandbox().directory().resolve("overlay2"));
    Path bottom = Files.createDirectories(store.resolve("bottom/diff"));
    TestBundle.fillRootfs(bottom);
    Path top = Files.createDirectories(store.resolve("top/diff/etc")).getParent();
    Files.writeString(top.resolve("etc/layer"), "top\n");
    Path container = Files.createDirectory(store.resolve("container"));
    for (String name : List.of("diff", "work", "merged")) {
      Files.createDirectory(container.resolve(name));
    }
    Path merged = container.resolve("merged");
    sandbox()
        .hostCommand(
            List.of(
                "mount",
                "-t",
                "overlay",
                "overlay",
                "-o",
                "lowerdir="
                    + top
                    + ":"
                    + bottom
                    + ",upperdir="
                    + container.resolve("diff")
                    + ",workdir="
                    + container.resolve("work"),
                merged.toString()),
            List.of("umount", merged.toString()));
    Path bundle =
        sandbox()
            .bundle()
            .root(root -> root.with("path", merged.toString()))
            .withoutNamespaces("pid")
            .script(
                LOOK,
                "cat /etc/layer /etc/plain",
                "echo new > /etc/new",
                "echo more >> /etc/layer",
                "mkdir /tmp/made",
                "rm /etc/plain /bin/tac",
                "mv /etc/new /etc/newer")
            .write();
    String id = sandbox().id();
    Path output = runtime().createAndStart(id, bundle);
    runtime().awaitStatus(id, "stopped");
    String said = OciRuntime.text(output);
    assertTrue(said.contains(" / rw,relatime - overlay "), said);
    assertTrue(
        said.lines()
            .anyMatch(
                line ->
                    line.matches(
                        "overlay /run/limpid/rootfs overlay .*lowerdir=/run/limpid/layers/0:"
                            + "/run/limpid/layers/1,upperdir=/run/limpid/share/.*")),
        said);
    for (int layer = 0; layer < 2; layer++) {
      String mount = "/dev/pmem\\d+ /run/limpid/layers/" + layer + " erofs ro,.*dax=always.*";
      assertTrue(said.lines().anyMatch(line -> line.matches(mount)), said);
    }
    assertTrue(said.endsWith("top\ntext\n"), said);
    assertFalse(said.contains(sandbox().directory().toString()), said);
    runtime().call("delete", id).succeeded();

    Path diff = container.resolve("diff");
    assertEquals(
        List.of("bin", "bin/tac", "etc", "etc/layer", "etc/newer", "etc/plain", "tmp", "tmp/made"),
        Sandbox.entries(diff));
    assertEquals("new\n", Files.readString(diff.resolve("etc/newer")));
    assertEquals("top\nmore\n", Files.readString(diff.resolve("etc/layer")));
    for (String removed : List.of("bin/tac", "etc/plain")) {
      assertEquals(
          0L, Files.getAttribute(diff.resolve(removed), "unix:rdev", LinkOption.NOFOLLOW_LINKS));
      assertTrue(Files.notExists(merged.resolve(removed), LinkOption.NOFOLLOW_LINKS));
    }
    try (var children = Files.list(container)) {
      assertEquals(
          List.of("diff", "merged", "work"),
          children.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  /** In a clone nobody may be there who would answer to a flush of it. */
  @Test
  void theMiniOsImageHasNothingToFlush() throws Exception {
    Path bundle = script("cat /sys/block/pmem0/queue/write_cache");
    Outcome outcome =
        runtime().call("run", "--bundle", bundle.toString(), sandbox().id()).succeeded();
    assertEquals("write through\n", outcome.out());
  }

  @Test
  void memoryIsTheMachinesOwn() throws Exception {
    Path bundle =
        script(
            "awk '/^MemTotal:/ { print $2 }' /proc/meminfo; nproc;"
                + " cat /sys/module/page_reporting/parameters/page_reporting_order");
    Outcome outcome =
        runtime().call("run", "--bundle", bundle.toString(), sandbox().id()).succeeded();
    long kibibytes = Long.parseLong(outcome.lines()[0]);
    assertTrue(kibibytes > 256 << 10 && kibibytes <= 512 << 10, outcome::toString);
    assertEquals("1", outcome.lines()[1]);
    // What is free in pieces of 128 KiB goes back to the host.
    assertEquals("5", outcome.lines()[2]);
  }
}
