package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of what a container writes, whichever way its root filesystem goes. */
class WritableLayerIT extends Behaviour {
  private static final List<String> ENGINES_OWN = List.of("diff", "merged", "work");

  /** The many take longer to be brought back than a machine gets to end in order. */
  private static final int FILES = Boolean.getBoolean("limpid.thorough") ? 15_000 : 500;

  /** Everything that an upper directory keeps, with times that are the same in each run. */
  private static final String[] CHANGES = {
    "set -e",
    "echo new > /etc/new",
    "touch -d '2001-02-03 04:05:06' /etc/new",
    "echo more >> /data/0/file",
    "chmod 4751 /data/0/file",
    "rm /data/1/file",
    "rm -r /data/2",
    "mkdir /data/2",
    "echo again > /data/2/other",
    "mv /data/3/file /data/3/moved",
    "mkdir -p /data/deep/er/still",
    "chown 1000:100000 /data/deep /data/deep/er",
    "chmod 2770 /data/deep/er",
    "ln -s /no/such /data/dangling",
    "ln /etc/new /data/deep/linked",
    "ln /etc/new /data/linked",
    "mkfifo -m 640 /data/fifo",
    "mknod /data/null c 1 3",
    "mknod /data/loop b 7 77",
    "echo end | dd of=/data/sparse bs=1 seek=10000000 2>&1",
    "touch -d '2000-01-01 00:00:01' /data/deep/er/still /data/fifo /data/sparse",
    "touch -d '1999-12-31 23:59:59' /data",
  };

  private void configure(String rootfs, long diskMebibytes) throws IOException {
    JsonObject configuration =
        Json.object(Files.readString(runtime().configuration()))
            .with("rootfs", new JsonString(rootfs))
            .with("diskMiB", JsonNumber.of(diskMebibytes))
            .with("allow", Json.strings("dev.limpid.rootfs", "dev.limpid.disk"));
    Files.writeString(runtime().configuration(), JsonWriter.compact().write(configuration));
  }

  private TestBundle bundle(Path rootfs) throws Exception {
    return sandbox()
        .bundle()
        .root(root -> root.with("path", rootfs.toString()))
        .capabilities(
            List.of("bounding", "effective", "permitted"),
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_FOWNER",
            "CAP_FSETID",
            "CAP_MKNOD");
  }

  private HostOverlay overlay(Path lower) throws Exception {
    return HostOverlay.mount(sandbox(), lower, Files.createDirectory(sandbox().path("container")));
  }

  private Outcome run(Path rootfs, String... script) throws Exception {
    return runtime()
        .call("run", "--bundle", bundle(rootfs).script(script).write().toString(), sandbox().id())
        .succeeded();
  }

  /** Starts a container that waits when it has done this, until its file /go is there. */
  private String start(Path rootfs, String... script) throws Exception {
    String id = sandbox().id();
    String[] lines = new String[script.length + 2];
    System.arraycopy(script, 0, lines, 0, script.length);
    lines[script.length] = "echo ready";
    lines[script.length + 1] = "while [ ! -e /go ]; do usleep 50000; done";
    Path output = runtime().createAndStart(id, bundle(rootfs).script(lines).write());
    Await.until("ready", () -> OciRuntime.text(output).contains("ready"));
    return id;
  }

  private void finish(String id) throws Exception {
    // How this ends is nobody's business: the container may end first, and takes it with it.
    runtime().call("exec", id, "touch", "/go");
    runtime().awaitStatus(id, "stopped");
    runtime().call("delete", id).succeeded();
  }

  /** A file system of the host of its own, mounted at a folder that is made. */
  private Path fileSystem(String name) throws Exception {
    String device = sandbox().loopDevice(sandbox().path(name + ".image"), 32 << 20);
    runtime().toEnd(new ProcessBuilder("mkfs.ext4", "-q", device)).succeeded();
    Path top = Files.createDirectory(sandbox().path(name));
    sandbox()
        .hostCommand(
            List.of("mount", "-t", "ext4", device, top.toString()),
            List.of("umount", top.toString()));
    return top;
  }

  private void killHypervisor(String id) throws Exception {
    String pid =
        sandbox().processes().stream()
            .filter(process -> process.contains("-name limpid-" + id))
            .findFirst()
            .orElseThrow()
            .split(" ", -1)[0];
    runtime().toEnd(new ProcessBuilder("kill", "-KILL", pid)).succeeded();
    runtime().awaitStatus(id, "stopped");
  }

  @Test
  void theUpperDirectoryIsAsTheHostsOwnOverlayWouldHaveMadeIt() throws Exception {
    Path lower = HostOverlay.lower(sandbox());
    HostOverlay expected = overlay(lower);
    runtime()
        .toEnd(
            new ProcessBuilder(
                "chroot",
                expected.merged().toString(),
                "/bin/sh",
                "-c",
                "umask 022\n" + String.join("\n", CHANGES)))
        .succeeded();
    for (String mode : List.of("layers", "disk")) {
      configure(mode, 256);
      HostOverlay overlay = overlay(lower);
      run(overlay.merged(), CHANGES);
      assertEquals(expected.seen(), overlay.seen(), mode);
      assertEquals(ENGINES_OWN, overlay.beside(), mode);
      // Once more, over what is there, of which nothing changes.
      String before = overlay.seen();
      run(overlay.merged(), "cat /data/2/other");
      assertEquals(before, overlay.seen(), mode);
    }
  }

  @Test
  void aPausedContainersUpperDirectoryIsUpToDate() throws Exception {
    configure("disk", 256);
    HostOverlay overlay = overlay(HostOverlay.lower(sandbox()));
    String id =
        start(
            overlay.merged(), "echo one > /data/changed; echo kept > /data/kept; rm /data/0/file");
    runtime().call("pause", id).succeeded();
    assertEquals("one\n", Files.readString(overlay.upper().resolve("data/changed")));
    assertTrue(overlay.seen().contains("data/0/file whiteout"), overlay.seen());
    runtime().call("resume", id).succeeded();
    runtime().call("exec", id, "sh", "-c", "echo two > /data/changed; rm /data/kept").succeeded();
    runtime().call("pause", id).succeeded();
    assertEquals("two\n", Files.readString(overlay.upper().resolve("data/changed")));
    assertTrue(Files.notExists(overlay.upper().resolve("data/kept")));
    runtime().call("resume", id).succeeded();
    finish(id);
    assertEquals(ENGINES_OWN, overlay.beside());
  }

  /** What it has written can't be brought back before it is killed, as nobody can write there. */
  @Test
  void aContainerIsKilledWhileItIsBeingPaused() throws Exception {
    configure("disk", 256);
    String top = fileSystem("host").toString();
    HostOverlay overlay =
        HostOverlay.mount(sandbox(), HostOverlay.lower(sandbox()), Path.of(top, "container"));
    String id = start(overlay.merged(), "echo last > /etc/last");
    Process pause;
    runtime().toEnd(new ProcessBuilder("fsfreeze", "--freeze", top)).succeeded();
    try {
      pause = sandbox().start(runtime().verb("pause", id));
      Await.until("it is being paused", () -> runtime().status(id).equals("paused"));
      runtime().call("kill", id, "KILL").succeeded();
    } finally {
      runtime().toEnd(new ProcessBuilder("fsfreeze", "--unfreeze", top)).succeeded();
    }
    pause.waitFor();
    runtime().awaitStatus(id, "stopped");
    runtime().call("delete", id).succeeded();
    assertEquals("last\n", Files.readString(overlay.upper().resolve("etc/last")));
    assertEquals(ENGINES_OWN, overlay.beside());
  }

  /** Who removes a container by force does not say that what it has written is of no use. */
  @Test
  void aDeletionByForceWaitsUntilAllIsBroughtBack() throws Exception {
    configure("disk", 256);
    HostOverlay overlay = overlay(HostOverlay.lower(sandbox()));
    String id = start(overlay.merged());
    runtime()
        .call(
            "exec",
            id,
            "sh",
            "-c",
            "i=0; while [ $i -lt " + FILES + " ]; do i=$((i+1)); echo $i > /data/new$i; done")
        .succeeded();
    runtime().call("delete", "--force", id).succeeded();
    for (int i = 1; i <= FILES; i++) {
      assertEquals(i + "\n", Files.readString(overlay.upper().resolve("data/new" + i)));
    }
    assertEquals(ENGINES_OWN, overlay.beside());
  }

  @Test
  void theNextContainerHasWhatTheUpperDirectoryHas() throws Exception {
    for (String mode : List.of("shared", "disk")) {
      configure(mode, 256);
      HostOverlay overlay = overlay(HostOverlay.lower(sandbox()));
      Files.writeString(overlay.merged().resolve("etc/put"), "by the host\n");
      assertEquals(
          "by the host\n", run(overlay.merged(), "cat /etc/put; echo and > /etc/put").out(), mode);
      assertEquals("and\n", run(overlay.merged(), "cat /etc/put").out(), mode);
      assertEquals("and\n", Files.readString(overlay.merged().resolve("etc/put")), mode);
    }
  }

  @Test
  @VmOnly
  void whatWasFlushedOutlastsTheMachine() throws Exception {
    for (String mode : List.of("layers", "disk")) {
      configure(mode, 256);
      HostOverlay overlay = overlay(HostOverlay.lower(sandbox()));
      String id =
          start(
              overlay.merged(),
              "dd if=/dev/urandom of=/data/random bs=64k count=40 conv=fsync 2>/dev/null",
              "rm /data/0/file",
              "md5sum /data/random > /data/sum",
              "sync");
      killHypervisor(id);
      Outcome delete = runtime().call("delete", id).succeeded();
      Path disk = overlay.folder().resolve(".limpid-disk-diff");
      assertEquals(mode.equals("disk"), Files.exists(disk));
      assertEquals(mode.equals("disk"), delete.err().contains(disk.toString()), delete::toString);
      run(overlay.merged(), "md5sum -c /data/sum && [ ! -e /data/0/file ]");
      assertEquals(ENGINES_OWN, overlay.beside(), mode);
      assertEquals(40 * 65536, Files.size(overlay.upper().resolve("data/random")), mode);
    }
  }

  @Test
  @VmOnly
  void aDiskThatCountsIsNotPassedOver() throws Exception {
    configure("disk", 64);
    HostOverlay overlay = overlay(HostOverlay.lower(sandbox()));
    String id = start(overlay.merged(), "echo lost > /etc/lost; sync");
    killHypervisor(id);
    runtime().call("delete", id).succeeded();
    configure("auto", 64);
    runtime()
        .refuses(
            "what its container has written is still on "
                + overlay.folder().resolve(".limpid-disk-diff"),
            "create",
            "--bundle",
            bundle(overlay.merged()).script("true").write().toString(),
            sandbox().id());
    configure("disk", 64);
    assertEquals("lost\n", run(overlay.merged(), "cat /etc/lost").out());
  }

  /** Nothing but its record tells that there was another container, which was never made. */
  @Test
  @VmOnly
  void aDiskStaysWhenAContainerIsDeletedThatHadItBefore() throws Exception {
    configure("disk", 64);
    HostOverlay overlay = overlay(HostOverlay.lower(sandbox()));
    String former = sandbox().id();
    Process create =
        sandbox()
            .start(
                runtime()
                    .verb(
                        "create",
                        "--bundle",
                        bundle(overlay.merged()).script("true").write().toString(),
                        former)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD));
    Path disk = overlay.folder().resolve(".limpid-disk-diff");
    Await.until("there is a disk", () -> Files.exists(disk));
    HostProcesses.kill(create.toHandle());
    create.waitFor();
    Await.until("its VM has ended", () -> sandbox().processes().isEmpty());
    String id = start(overlay.merged(), "echo kept > /etc/kept");
    Outcome delete = runtime().call("delete", "--force", former).succeeded();
    assertTrue(delete.err().contains(disk + " stays"), delete::toString);
    finish(id);
    assertEquals("kept\n", Files.readString(overlay.upper().resolve("etc/kept")));
    assertEquals(ENGINES_OWN, overlay.beside());
  }

  @Test
  @VmOnly
  void aDiskIsAsLargeAsItIsToBe() throws Exception {
    configure("disk", 512);
    HostOverlay overlay = overlay(HostOverlay.lower(sandbox()));
    String id = sandbox().id();
    Path output =
        runtime()
            .create(
                id,
                bundle(overlay.merged())
                    .annotation("dev.limpid.disk", "64")
                    .script(
                        "dd if=/dev/zero of=/data/large bs=1M count=80; rm /data/large",
                        "echo small > /data/small")
                    .write());
    runtime().call("start", id).succeeded();
    runtime().awaitStatus(id, "stopped");
    assertTrue(
        OciRuntime.text(output).contains("No space left on device"), OciRuntime.text(output));
    runtime().call("delete", id).succeeded();
    assertEquals("small\n", Files.readString(overlay.upper().resolve("data/small")));
  }

  @Test
  void aContainerThatIsNeverStartedLeavesNothing() throws Exception {
    configure("disk", 64);
    HostOverlay overlay = overlay(HostOverlay.lower(sandbox()));
    String id = sandbox().id();
    runtime().create(id, bundle(overlay.merged()).script("true").write());
    runtime().call("delete", id).succeeded();
    assertEquals(ENGINES_OWN, overlay.beside());
    runtime()
        .refuses(
            "no such file or directory",
            "run",
            "--bundle",
            bundle(overlay.merged()).args("/no/such/program").write().toString(),
            sandbox().id());
    assertEquals(ENGINES_OWN, overlay.beside());
    assertEquals(List.of(), runtime().call("list", "-q").succeeded().out().lines().toList());
  }

  @Test
  @VmOnly
  void whatTheHostHasNoRoomForStaysOnTheDisk() throws Exception {
    configure("disk", 256);
    Path small = Files.createDirectory(sandbox().path("small"));
    sandbox()
        .hostCommand(
            List.of("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", small.toString()),
            List.of("umount", small.toString()));
    HostOverlay overlay =
        HostOverlay.mount(sandbox(), HostOverlay.lower(sandbox()), small.resolve("container"));
    Path log = sandbox().path("log");
    String id = sandbox().id();
    Path bundle =
        bundle(overlay.merged())
            .script("dd if=/dev/urandom of=/data/random bs=1M count=7 conv=fsync", "echo done")
            .write();
    Outcome outcome =
        runtime().call("--log", log.toString(), "run", "--bundle", bundle.toString(), id);
    assertEquals("done\n", outcome.succeeded().out());
    String disk = overlay.folder().resolve(".limpid-disk-diff").toString();
    String said = OciRuntime.text(log);
    assertTrue(said.contains("could not be brought back: it is on " + disk), said);
    assertTrue(said.contains("data/random: No space left on device"), said);
    runtime()
        .toEnd(new ProcessBuilder("mount", "-o", "remount,size=64m", small.toString()))
        .succeeded();
    run(overlay.merged(), "[ $(stat -c %s /data/random) = 7340032 ]");
    assertEquals(7340032, Files.size(overlay.upper().resolve("data/random")));
    assertEquals(ENGINES_OWN, overlay.beside());
  }

  @Test
  @VmOnly
  void whatGoesToMemoryIsGone() throws Exception {
    configure("tmpfs", 64);
    HostOverlay overlay = overlay(HostOverlay.lower(sandbox()));
    Files.writeString(overlay.merged().resolve("etc/put"), "by the host\n");
    Files.delete(overlay.merged().resolve("data/1/file"));
    String before = overlay.seen();
    String[] script = {
      "grep ' / ' /proc/self/mountinfo",
      "[ ! -e /data/1/file ] && cat /etc/put && rm /etc/put",
      "mv /data/0/file /data/2/moved",
      "echo gone > /etc/gone",
    };
    Outcome outcome = run(overlay.merged(), script);
    assertTrue(outcome.out().contains(" - overlay "), outcome::toString);
    assertTrue(outcome.out().endsWith("by the host\n"), outcome::toString);
    assertEquals(before, overlay.seen());
    assertEquals(ENGINES_OWN, overlay.beside());
    // A directory that is no overlay is covered.
    TestBundle plain = sandbox().bundle();
    Path bundle =
        plain.script("echo gone > /etc/gone; rm /etc/plain; mv /mnt /moved; ls /moved").write();
    runtime().call("run", "--bundle", bundle.toString(), sandbox().id()).succeeded();
    assertTrue(Files.exists(plain.rootfs().resolve("etc/plain")));
    assertTrue(Files.notExists(plain.rootfs().resolve("etc/gone")));
    assertTrue(Files.exists(plain.rootfs().resolve("mnt")));
  }

  @Test
  @VmOnly
  void anEngineKeepsWhatItExpectsToFind() throws Exception {
    configure("auto", 64);
    Path lower = HostOverlay.lower(sandbox());
    Path store = Files.createDirectory(sandbox().directory().resolve("overlay2"));
    HostOverlay overlay =
        HostOverlay.mount(
            sandbox(), lower, Files.createDirectory(store.resolve("0123abcd".repeat(8))));
    TestBundle bundle = bundle(overlay.merged()).script("echo gone > /etc/gone");
    runtime()
        .refuses(
            "annotations[\"dev.limpid.rootfs\"]: tmpfs: not possible for "
                + overlay.merged()
                + ": its upper directory is an engine's",
            "create",
            "--bundle",
            bundle.annotation("dev.limpid.rootfs", "tmpfs").write().toString(),
            sandbox().id());
    // The configuration alone loses nothing; and of a pod's container nobody expects anything.
    configure("tmpfs", 64);
    run(overlay.merged(), "echo kept > /etc/kept");
    assertEquals("kept\n", Files.readString(overlay.upper().resolve("etc/kept")));
    String id = sandbox().id();
    Path pod =
        bundle(overlay.merged())
            .annotation("io.kubernetes.cri.container-type", "container")
            .script("cat /etc/kept; echo gone > /etc/gone")
            .write();
    assertEquals("kept\n", runtime().call("run", "--bundle", pod.toString(), id).succeeded().out());
    assertTrue(Files.notExists(overlay.upper().resolve("etc/gone")));
  }

  @Test
  @VmOnly
  void aReadOnlyDirectoryCanBeALayer() throws Exception {
    configure("auto", 64);
    TestBundle bundle =
        sandbox()
            .bundle()
            .root(root -> root.with("readonly", true))
            .annotation("dev.limpid.rootfs", "layers")
            .script("grep ' / ' /proc/self/mountinfo; cat /etc/plain; echo x > /etc/x");
    Outcome outcome = runtime().call("run", "--bundle", bundle.write().toString(), sandbox().id());
    assertTrue(outcome.out().contains(" - erofs /dev/pmem"), outcome::toString);
    assertTrue(outcome.out().endsWith("text\n"), outcome::toString);
    assertTrue(outcome.err().contains("Read-only file system"), outcome::toString);
  }

  @Test
  void theTopOfAFileSystemOfTheHostIsShared() throws Exception {
    Path top = fileSystem("top");
    TestBundle.fillRootfs(top);
    configure("disk", 64);
    run(top, "echo written > /etc/written; mv /etc/plain /etc/moved");
    assertEquals("written\n", Files.readString(top.resolve("etc/written")));
    assertEquals("text\n", Files.readString(top.resolve("etc/moved")));
  }
}
