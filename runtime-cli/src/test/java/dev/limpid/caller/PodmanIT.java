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

/**
 * podman, which has no daemon: what it mounts lies in a mount namespace that the test keeps for all
 * of its commands.
 */
final class PodmanIT {
  private static final WorkFolder WORK = new WorkFolder();
  private static CallerDaemon namespaces;
  private static CallerCommand podman;
  private static Map<String, String> environment;
  private static List<String> inNamespaces;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    namespaces = CallerDaemon.startNamespaces(WORK.resolve("log"));
    String pid = Long.toString(namespaces.pid());
    environment =
        Map.of("CONTAINERS_CONF", containersConf(), "CONTAINERS_STORAGE_CONF", storageConf());
    inNamespaces = List.of("nsenter", "--net", "--mount", "--target", pid, "--");
    podman =
        new CallerCommand(
            List.of(
                "nsenter",
                "--net",
                "--mount",
                "--target",
                pid,
                "--",
                "podman",
                "--runtime",
                "limpid"),
            environment);
    podman
        .run("import", "-c", "ENV PATH=/bin", TestImages.busybox(WORK.path()).toString(), "busybox")
        .ok();
  }

  /** What the page about engines says, and where podman is to keep what it counts. */
  private static String containersConf() throws IOException {
    String engine = "[engine]\ncgroup_manager = \"cgroupfs\"\n";
    return Files.writeString(
            WORK.resolve("containers.conf"), engine + EnginesPage.blocks("podman", "toml").get(0))
        .toString();
  }

  private static String storageConf() throws IOException {
    return Files.writeString(
            WORK.resolve("storage.conf"),
            "[storage]\ndriver = \"overlay\"\ngraphroot = \""
                + WORK.resolve("root")
                + "\"\nrunroot = \""
                + WORK.resolve("run")
                + "\"\n")
        .toString();
  }

  private static Result inNamespaces(byte[] input, String... command) {
    return new CallerCommand(inNamespaces, environment).run(input, command);
  }

  @AfterAll
  static void stop() throws IOException, InterruptedException {
    podman.run("rm", "-f", "-a").ok();
    assertEquals(
        List.of(), LimpidProcesses.leftOf(WORK.path()), "left when all containers are removed");
    namespaces.close();
    WORK.close();
  }

  private static Result limpid(String... arguments) {
    List<String> all = new ArrayList<>(List.of("run", "--network", "none"));
    all.addAll(List.of(arguments));
    return podman.run(all.toArray(new String[0]));
  }

  @Test
  void containerRunsAndItsStatusComesOut() {
    Result result = limpid("--rm", "busybox", "sh", "-c", "uname -r; exit 7");
    assertEquals(7, result.status(), result.toString());
    assertTrue(result.text().endsWith("-limpid"), result.toString());
  }

  @Test
  void missingCommandIs127() {
    assertEquals(127, limpid("--rm", "busybox", "nonexistent").status());
  }

  @Test
  void privilegedContainerMayUseEverythingOfItsMachine() {
    String script =
        "mkdir /m; mount -t tmpfs none /m && grep -c ' /m tmpfs ' /proc/mounts; ls /dev/fuse";
    assertEquals(
        "1\n/dev/fuse", limpid("--rm", "--privileged", "busybox", "sh", "-c", script).ok());
  }

  @Test
  void annotationsOfLimpidNeedTheAdministratorsWord() {
    Result result = limpid("--rm", "--annotation", "dev.limpid.memory=256", "busybox", "true");
    assertTrue(
        result.err().contains("add \"dev.limpid.memory\" to \"allow\" in"), result.toString());
  }

  @Test
  void backgroundContainerIsListedStoppedAndStartedAgain() {
    String id = limpid("-d", "busybox", "sh", "-c", "trap 'exit 3' TERM; sleep 1000 & wait").ok();
    assertEquals("running", podman.run("inspect", "-f", "{{.State.Status}}", id).ok());
    podman.run("stop", "-t", "20", id).ok();
    assertEquals("3", podman.run("inspect", "-f", "{{.State.ExitCode}}", id).ok());
    podman.run("start", id).ok();
    podman.run("kill", id).ok();
    assertEquals("137", podman.run("wait", id).ok());
    podman.run("rm", id).ok();
  }

  /** What a shell leaves in a writable layer; podman's overlays have metacopy. */
  private static final String CHANGES =
      "cd /etc; echo new > new; chmod 600 plain; rm passwd; mkdir -p /root/a/b; ln -s x /root/link;"
          + " ln new /root/hard; mv /tmp /tmp-moved; mkdir /tmp; echo t > /tmp/t; mkfifo /root/f;"
          + " chown 5:6 /bin/busybox; touch -d '2001-02-03 04:05:06' /etc/new /root/a";

  @Test
  void filesAreSeenAsWithThePlainRuntime() throws Exception {
    List<String> expected = looks("runc");
    List<String> seen = looks("limpid");
    assertEquals(String.join("\n", expected), String.join("\n", seen));
    assertTrue(expected.get(0).contains("D /etc/passwd"), expected.get(0));
  }

  /** What podman shows of a container's files in the course of its life. */
  private static List<String> looks(String runtime) throws Exception {
    CallerCommand engine = engine(runtime);
    List<String> looks = new ArrayList<>();
    String id = begin(engine);
    engine.run("diff", id).ok();
    engine.run("cp", id + ":/etc", "-").ok();
    engine.run("exec", id, "sh", "-c", CHANGES).ok();
    engine.run("pause", id).ok();
    looks.add(differences(engine, id));
    engine.run("unpause", id).ok();
    Path file = Files.writeString(WORK.resolve("put-in"), "put in\n");
    engine.run("cp", file.toString(), id + ":/etc/put-in").ok();
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (!engine.run("exec", id, "cat", "/etc/put-in").text().equals("put in")) {
      assertTrue(System.nanoTime() < deadline, runtime + " does not see what was put in");
      Thread.sleep(50);
    }
    engine.run("restart", "-t", "0", id).ok();
    looks.add(engine.run("exec", id, "sh", "-c", LISTING).ok());
    looks.addAll(looksAtTheEnd(engine, id));
    return looks;
  }

  @Test
  void filesOfADiskAreSeenAsWithThePlainRuntime() throws Exception {
    String program =
        TestedRuntime.configured(WORK, "{\"allow\": [\"dev.limpid.rootfs\"]}").toString();
    List<String> expected = looksAtPauseAndEnd("runc");
    List<String> seen = looksAtPauseAndEnd(program, "--annotation", "dev.limpid.rootfs=disk");
    assertEquals(String.join("\n", expected), String.join("\n", seen));
    assertTrue(expected.get(0).contains("D /etc/passwd"), expected.get(0));
  }

  /** The same, when all that is to be seen has been brought back. */
  private static List<String> looksAtPauseAndEnd(String runtime, String... options)
      throws Exception {
    CallerCommand engine = engine(runtime);
    List<String> looks = new ArrayList<>();
    String id = begin(engine, options);
    engine.run("exec", id, "sh", "-c", CHANGES).ok();
    engine.run("pause", id).ok();
    looks.add(differences(engine, id));
    engine.run("unpause", id).ok();
    engine.run("exec", id, "touch", "-d", "2001-02-03 04:05:06", "/root/later").ok();
    engine.run("restart", "-t", "0", id).ok();
    looks.add(engine.run("exec", id, "sh", "-c", LISTING).ok());
    looks.addAll(looksAtTheEnd(engine, id));
    return looks;
  }

  private static CallerCommand engine(String runtime) {
    List<String> command = new ArrayList<>(inNamespaces);
    command.addAll(List.of("podman", "--runtime", runtime));
    return new CallerCommand(command, environment);
  }

  private static final List<String> LIMITS =
      List.of("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "--network=none");

  private static String begin(CallerCommand engine, String... options) {
    List<String> command = new ArrayList<>(List.of("run", "-d"));
    command.addAll(LIMITS);
    command.addAll(List.of(options));
    command.addAll(List.of("busybox", "sleep", "1000"));
    return engine.run(command.toArray(new String[0])).ok();
  }

  /** Stops and removes it. */
  private static List<String> looksAtTheEnd(CallerCommand engine, String id) throws IOException {
    List<String> looks = new ArrayList<>();
    engine.run("stop", "-t", "0", id).ok();
    try (var files = Files.walk(WORK.resolve("root/overlay"))) {
      assertEquals(
          List.of(),
          files.filter(file -> file.getFileName().toString().startsWith(".limpid")).toList());
    }
    looks.add(differences(engine, id));
    engine.run("commit", "-q", id, "committed").ok();
    List<String> listing = new ArrayList<>(List.of("run", "--rm"));
    listing.addAll(LIMITS);
    listing.addAll(List.of("committed", "sh", "-c", LISTING));
    looks.add(engine.run(listing.toArray(new String[0])).ok());
    engine.run("rm", "-f", id).ok();
    engine.run("rmi", "committed").ok();
    return looks;
  }

  private static final String LISTING =
      "cat /etc/new /etc/put-in /tmp/t; stat -c '%n %a %u:%g %h %F' /etc/* /root/* /root/a/b /tmp*"
          + " /bin/busybox; date -r /etc/new +%s";

  private static String differences(CallerCommand engine, String id) {
    // What podman itself makes at the start of a container is not asked for here.
    return String.join(
        "\n",
        engine
            .run("diff", id)
            .ok()
            .lines()
            .filter(line -> !line.contains("/run"))
            .sorted()
            .toList());
  }

  /**
   * All of it lies in the root filesystem on the host when a shared one is told that it is flushed.
   */
  @Test
  void whatIsFlushedOutlivesAKilledVm() throws Exception {
    String script =
        "cd /root; i=0; while [ -e $i ]; do i=$((i + 1)); done; echo begin $i;"
            + " while :; do echo $i | dd of=new conv=fsync 2> /dev/null; mv new $i; sync; echo $i; i=$((i + 1)); done";
    Path root = Files.createDirectories(WORK.resolve("plain"));
    new CallerCommand(List.of("tar", "-C", root.toString(), "-xf"), Map.of())
        .run(WORK.resolve("busybox.tar").toString())
        .ok();
    // A root filesystem that is no overlay is shared as it is.
    String id =
        podman
            .run(
                "run", "-d", "--network=none", "--rootfs", root.toString(), "/bin/sh", "-c", script)
            .ok();
    long before = -1;
    for (int round = 0; round < 3; round++) {
      awaitFlushed(id, before + 5);
      String shim = podman.run("inspect", "-f", "{{.State.Pid}}", id).ok();
      LimpidProcesses.killHypervisor(shim);
      podman.run("wait", id).ok();
      long last = flushed(id);
      for (long number = 0; number <= last; number++) {
        assertEquals(number + "\n", Files.readString(root.resolve("root/" + number)));
      }
      podman.run("start", id).ok();
      awaitFlushed(id, last + 1);
      before = last + 1;
    }
    podman.run("rm", "-f", id).ok();
  }

  private static long flushed(String id) {
    long last = -1;
    for (String line : podman.run("logs", id).ok().lines().toList()) {
      last = line.matches("\\d+") ? Math.max(last, Long.parseLong(line)) : last;
    }
    return last;
  }

  private static void awaitFlushed(String id, long number) throws InterruptedException {
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (flushed(id) < number) {
      assertTrue(System.nanoTime() < deadline, "nothing is flushed: " + podman.run("logs", id));
      Thread.sleep(50);
    }
  }

  private static Result atTerminal(String typed, String commandLine) {
    return inNamespaces(
        typed.getBytes(StandardCharsets.UTF_8), "script", "-qec", commandLine, "/dev/null");
  }

  @Test
  void terminalsAreInteractive() {
    String shell = " sh -c 'read line; echo got $line; tty; exit 4'";
    Result run =
        atTerminal("word\n", "podman --runtime limpid run --rm -it --network none busybox" + shell);
    assertEquals(4, run.status(), run.toString());
    assertTrue(run.text().contains("got word\r\n/dev/pts/"), run.toString());

    String id = sleeping();
    Result exec = atTerminal("word\n", "podman --runtime limpid exec -it " + id + shell);
    assertEquals(4, exec.status(), exec.toString());
    assertTrue(exec.text().contains("got word\r\n/dev/pts/"), exec.toString());
    podman.run("rm", "-f", id).ok();
  }

  private static String sleeping(String... options) {
    List<String> all = new ArrayList<>(List.of("-d"));
    all.addAll(List.of(options));
    all.addAll(List.of("busybox", "sh", "-c", "echo up; exec sleep 1000"));
    return limpid(all.toArray(new String[0])).ok();
  }

  @Test
  void execRunsInTheContainer() {
    String id = sleeping();
    assertEquals(
        "b\n/root\n5",
        podman
            .run(
                "exec",
                "-e",
                "A=b",
                "-w",
                "/root",
                "-u",
                "5",
                id,
                "sh",
                "-c",
                "echo $A; pwd; id -u")
            .ok());
    assertEquals(42, podman.run("exec", id, "sh", "-c", "exit 42").status());
    assertEquals(127, podman.run("exec", id, "nonexistent").status());
    assertEquals(
        "in", podman.run("in".getBytes(StandardCharsets.UTF_8), "exec", "-i", id, "cat").ok());
    podman.run("exec", "-d", id, "touch", "/tmp/made").ok();
    podman.run("exec", id, "sh", "-c", "until test -e /tmp/made; do sleep 0.1; done").ok();
    podman.run("rm", "-f", id).ok();
  }

  @Test
  void outputIsLogged() {
    String id = limpid("-d", "busybox", "sh", "-c", "echo out; echo err >&2").ok();
    assertEquals("0", podman.run("wait", id).ok());
    Result logs = podman.run("logs", id);
    assertEquals("out", logs.ok());
    assertEquals("err", logs.err().strip());
    podman.run("rm", id).ok();
  }

  @Test
  void containerIsPausedUpdatedAndCounted() {
    String id = sleeping("--memory", "64m");
    podman.run("pause", id).ok();
    assertEquals("paused", podman.run("inspect", "-f", "{{.State.Status}}", id).ok());
    podman.run("unpause", id).ok();

    podman.run("update", "--memory", "96m", id).ok();
    assertEquals("100663296", podman.run("exec", id, "cat", "/sys/fs/cgroup/memory.max").ok());

    String stats =
        podman.run("stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDS}}", id).ok();
    assertTrue(stats.matches("[1-9][0-9.]*MB / .* [1-9][0-9]*"), stats);
    podman.run("rm", "-f", id).ok();
  }

  @Test
  void podWithoutAContainerOfItsOwnIsStoppedAsAWhole() {
    podman.run("pod", "create", "--infra=false", "pod").ok();
    String first = sleeping("--pod", "pod");
    String second = sleeping("--pod", "pod");
    assertEquals("running", podman.run("inspect", "-f", "{{.State.Status}}", first).ok());
    podman.run("pod", "stop", "-t", "0", "pod").ok();
    assertEquals("exited", podman.run("inspect", "-f", "{{.State.Status}}", second).ok());
    podman.run("pod", "rm", "pod").ok();
    assertEquals("", podman.run("ps", "-aq").ok());
  }
}
