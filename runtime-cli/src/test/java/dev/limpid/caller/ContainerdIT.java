package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** containerd with its runc shim, told to use Limpid in runc's place. */
final class ContainerdIT {
  private static final String LIMPID = TestedRuntime.executable();
  private static final String IMAGE = "localhost/busybox:latest";

  private static final WorkFolder WORK = new WorkFolder();
  private static CallerDaemon daemon;
  private static CallerCommand ctr;
  private static Map<String, String> environment;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    Path socket = WORK.resolve("containerd.sock");
    Path configuration = WORK.resolve("config.toml");
    Files.writeString(
        configuration,
        "version = 2\nroot = \""
            + WORK.resolve("root")
            + "\"\nstate = \""
            + WORK.resolve("state")
            + "\"\n[grpc]\naddress = \""
            + socket
            + "\"\n"
            + EnginesPage.blocks("containerd", "toml").get(0));
    // The namespace is part of the path of Limpid's root, which is the same for every containerd.
    String namespace = WORK.path().getFileName().toString();
    environment =
        Map.of("CONTAINERD_ADDRESS", socket.toString(), "CONTAINERD_NAMESPACE", namespace);
    ctr = new CallerCommand(List.of("ctr"), environment);
    daemon =
        CallerDaemon.start(
            WORK.resolve("containerd.log"),
            () -> ctr.run("version").status() == 0,
            "containerd",
            "--config",
            configuration.toString());
    Path busybox = TestImages.busybox(WORK.path());
    Path archive = TestImages.archive(WORK.path(), busybox, IMAGE, "ENV PATH=/bin");
    ctr.run("image", "import", archive.toString()).ok();
  }

  @AfterAll
  static void stop() throws IOException, InterruptedException {
    // Of tests that have failed: nothing else ends a task.
    for (String task : ctr.run("task", "list", "--quiet").text().split("\\s+", -1)) {
      ctr.run("task", "delete", "--force", task);
    }
    daemon.close();
    assertEquals(
        List.of(), LimpidProcesses.leftOf(WORK.path()), "left when the daemon has stopped");
    // ctr puts containers below a group of the namespace's name.
    WORK.removeControlGroups();
    WORK.close();
  }

  private static Result limpid(String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of("run", "--runtime", "io.containerd.runc.v2", "--runc-binary", LIMPID));
    all.addAll(List.of(arguments));
    return ctr.run(all.toArray(new String[0]));
  }

  @Test
  void containerRunsAndItsStatusComesOut() {
    Result result = limpid("--rm", IMAGE, "one", "sh", "-c", "uname -r; exit 7");
    assertEquals(7, result.status(), result.toString());
    assertTrue(result.text().endsWith("-limpid"), result.toString());
  }

  @Test
  void taskInTheBackgroundIsListedAndKilled() throws InterruptedException {
    limpid("--detach", IMAGE, "two", "sleep", "1000").ok();
    awaitStatus("RUNNING");
    ctr.run("task", "kill", "--signal", "KILL", "two").ok();
    awaitStatus("STOPPED");
    Result deleted = ctr.run("task", "delete", "two");
    assertTrue(deleted.err().contains("exit code 137"), deleted.toString());
    ctr.run("container", "delete", "two").ok();
  }

  private static void awaitStatus(String status) throws InterruptedException {
    long deadline = System.nanoTime() + 30_000_000_000L;
    String listed = ctr.run("task", "list").ok();
    while (!listed.contains(status)) {
      assertTrue(System.nanoTime() < deadline, listed);
      Thread.sleep(50);
      listed = ctr.run("task", "list").ok();
    }
  }

  /** What leaves all kinds of traces in a layer. */
  private static final String CHANGES =
      "echo new > /etc/new; chmod 600 /etc/plain; rm /etc/passwd; mkdir /root/d; mv /tmp /tmp2;"
          + " touch -d '2001-02-03 04:05:06' /etc/new /etc /root /root/d /; echo written";

  /** The layer that a container has made, as `ctr` shows it of a snapshot: a tar file. */
  @Test
  void snapshotHasWhatWasWritten() throws Exception {
    String expected = snapshotOfPlainRuntime();
    assertEquals("written", limpid(IMAGE, "mine", "sh", "-c", CHANGES).ok());
    assertEquals(expected, snapshot("mine"));
    ctr.run("container", "delete", "mine").ok();
  }

  @Test
  void snapshotHasWhatWasBroughtBackFromADisk() throws Exception {
    String expected = snapshotOfPlainRuntime();
    Path program =
        TestedRuntime.configured(
            WORK, "{\"rootfs\": \"layers\", \"allow\": [\"dev.limpid.rootfs\"]}");
    ctr.run(
            "run",
            "--runtime",
            "io.containerd.runc.v2",
            "--runc-binary",
            program.toString(),
            "--annotation",
            "dev.limpid.rootfs=disk",
            "--detach",
            IMAGE,
            "disk",
            "sleep",
            "1000")
        .ok();
    awaitStatus("RUNNING");
    assertEquals(
        "written", ctr.run("task", "exec", "--exec-id", "e1", "disk", "sh", "-c", CHANGES).ok());
    ctr.run("task", "pause", "disk").ok();
    awaitStatus("PAUSED");
    assertEquals(expected, snapshot("disk"));
    ctr.run("task", "resume", "disk").ok();
    awaitStatus("RUNNING");
    ctr.run("task", "exec", "--exec-id", "e2", "disk", "touch", "/etc/last").ok();
    ctr.run("task", "kill", "--signal", "KILL", "disk").ok();
    awaitStatus("STOPPED");
    ctr.run("task", "delete", "disk");
    assertTrue(snapshot("disk").contains("etc/last"), "after the end");
    assertEquals(List.of(), left(WORK.resolve("root/io.containerd.snapshotter.v1.overlayfs")));
    ctr.run("container", "delete", "disk").ok();
  }

  /** What Limpid has made in the folders of an engine, and not removed. */
  private static List<Path> left(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      return files.filter(file -> file.getFileName().toString().startsWith(".limpid")).toList();
    }
  }

  private static String snapshotOfPlainRuntime() {
    List<String> plain =
        List.of("run", "--runtime", "io.containerd.runc.v2", IMAGE, "plain", "sh", "-c", CHANGES);
    assertEquals("written", ctr.run(plain.toArray(new String[0])).ok());
    String snapshot = snapshot("plain");
    assertTrue(snapshot.contains("etc/.wh.passwd"), snapshot);
    ctr.run("container", "delete", "plain").ok();
    return snapshot;
  }

  /** A line a file of what was changed, without the times of today. */
  private static String snapshot(String container) {
    byte[] tar = ctr.run("snapshots", "diff", "--keep=false", container).out();
    return new CallerCommand(
            List.of("tar", "--numeric-owner", "--full-time", "-tvzf", "-"), Map.of())
        .run(tar)
        .ok()
        // crun, in the guest, makes mount points that the image has not with this bit.
        .replace("drwxr-xr-t", "drwxr-xr-x")
        .replaceAll(" 20[2-9]\\d-\\d\\d-\\d\\d [^ ]+ ", " today ");
  }

  @Test
  void missingCommandIsTold() {
    Result result = limpid("--rm", IMAGE, "three", "nonexistent");
    assertEquals(1, result.status());
    assertTrue(result.err().contains("executable file not found in $PATH"), result.toString());
  }

  @Test
  void commandsOfThePageAboutEnginesDoWhatTheySay() throws IOException {
    CallerCommand shell = new CallerCommand(List.of("sh", "-c"), environment);
    for (String command : EnginesPage.commands("containerd")) {
      String printed = shell.run(command).ok();
      assertTrue(printed.endsWith("-limpid"), printed);
    }
  }

  /** What containerd makes of the file. */
  @Test
  void handlerOfCriIsAsThePageAboutEnginesHasIt() {
    String plugins = ctr.run("plugins", "ls", "id==cri").ok();
    assertTrue(plugins.lines().anyMatch(line -> line.matches(".*\\bcri\\b.*\\bok\\s*")), plugins);
    String dump =
        new CallerCommand(List.of("containerd"), Map.of())
            .run("--config", WORK.resolve("config.toml").toString(), "config", "dump")
            .ok();
    String handler = dump.substring(dump.indexOf(".runtimes.limpid]"));
    assertTrue(handler.contains("runtime_type = \"io.containerd.runc.v2\""), handler);
    assertTrue(handler.contains("BinaryName = \"" + LIMPID + "\""), handler);
  }

  @Test
  void terminalIsInteractive() {
    String command =
        "ctr run --rm -t --runtime io.containerd.runc.v2 --runc-binary "
            + LIMPID
            + " "
            + IMAGE
            + " four sh -c 'read line; echo got $line; tty; exit 4'";
    Result result =
        new CallerCommand(List.of("script", "-qec", command, "/dev/null"), environment)
            .run("word\n".getBytes(StandardCharsets.UTF_8));
    assertEquals(4, result.status(), result.toString());
    // ctr's own terminal makes two carriage returns of one.
    assertTrue(result.text().matches("(?s).*got word\r+\n/dev/pts/.*"), result.toString());
  }

  @Test
  void taskIsExecutedInPausedCountedAndLogged() throws InterruptedException, IOException {
    Path log = WORK.resolve("log-of-five");
    limpid(
            "--detach",
            "--log-uri",
            "file://" + log,
            IMAGE,
            "five",
            "sh",
            "-c",
            "echo up; exec sleep 1000")
        .ok();
    awaitStatus("RUNNING");
    Result exec =
        ctr.run("task", "exec", "--exec-id", "e1", "five", "sh", "-c", "cat /proc/1/comm; exit 5");
    assertEquals(5, exec.status(), exec.toString());
    assertEquals("sleep", exec.text());

    ctr.run("task", "pause", "five").ok();
    awaitStatus("PAUSED");
    ctr.run("task", "resume", "five").ok();
    awaitStatus("RUNNING");

    String metrics = ctr.run("task", "metrics", "five").ok();
    assertTrue(
        metrics.matches(
            "(?s).*memory\\.usage_in_bytes\\s+[1-9][0-9]*.*|.*memory\\.usage\\s+[1-9][0-9]*.*"),
        metrics);
    assertEquals("up\n", Files.readString(log));

    ctr.run("task", "kill", "--signal", "KILL", "five").ok();
    awaitStatus("STOPPED");
    ctr.run("task", "delete", "five");
    ctr.run("container", "delete", "five").ok();
  }

  @Test
  void namespacesOfAnotherTaskAreShared() throws InterruptedException {
    limpid("--detach", IMAGE, "pod", "sleep", "1000").ok();
    awaitStatus("RUNNING");
    String pid = "";
    for (String line : ctr.run("task", "list").ok().split("\n", -1)) {
      String[] fields = line.split("\\s+", -1);
      pid = fields[0].equals("pod") ? fields[1] : pid;
    }
    String look = "readlink /proc/self/ns/ipc; cat /proc/sys/kernel/random/boot_id";
    String first = ctr.run("task", "exec", "--exec-id", "look", "pod", "sh", "-c", look).ok();

    Result second =
        limpid("--rm", "--with-ns", "ipc:/proc/" + pid + "/ns/ipc", IMAGE, "app", "sh", "-c", look);

    assertEquals(first, second.text(), second.toString());
    ctr.run("task", "delete", "--force", "pod").ok();
    ctr.run("container", "delete", "pod").ok();
  }
}
