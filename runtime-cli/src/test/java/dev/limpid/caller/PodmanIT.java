package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
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
