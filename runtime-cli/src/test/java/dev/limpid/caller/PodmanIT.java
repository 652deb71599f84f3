package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import java.io.IOException;
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
  private static final String LIMPID = System.getProperty("limpid.dist") + "/bin/limpid";

  private static final WorkFolder WORK = new WorkFolder();
  private static CallerDaemon namespaces;
  private static CallerCommand podman;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    namespaces = CallerDaemon.start(WORK.resolve("log"), () -> true, "sleep", "infinity");
    String pid = Long.toString(namespaces.pid());
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
                "--root",
                WORK.resolve("root").toString(),
                "--runroot",
                WORK.resolve("run").toString(),
                "--storage-driver",
                "overlay",
                "--cgroup-manager",
                "cgroupfs",
                "--runtime",
                LIMPID),
            Map.of());
    awaitNamespaces(pid);
    podman
        .run("import", "-c", "ENV PATH=/bin", TestImages.busybox(WORK.path()).toString(), "busybox")
        .ok();
  }

  /** The process is there before it has become what it is to be. */
  private static void awaitNamespaces(String pid) throws InterruptedException {
    CallerCommand name = new CallerCommand(List.of("cat"), Map.of());
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (!name.run("/proc/" + pid + "/comm").text().equals("sleep")) {
      assertTrue(System.nanoTime() < deadline, "no namespaces");
      Thread.sleep(10);
    }
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
}
