package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is done to a container that runs. */
final class DockerLifecycleIT extends DockerCaller {
  @Test
  void backgroundContainerIsLoggedStoppedAndRestarted() throws InterruptedException {
    String id =
        limpid(
                "-d",
                "busybox",
                "sh",
                "-c",
                "trap 'echo bye; exit 3' TERM; echo up; sleep 1000 & wait")
            .ok();
    awaitLog(id, "up");
    docker.run("stop", "-t", "20", id).ok();
    assertEquals("3", docker.run("wait", id).ok());
    assertEquals("up\nbye", docker.run("logs", id).ok());

    docker.run("restart", "-t", "20", id).ok();
    awaitLog(id, "up\nbye\nup");
    assertEquals("true", docker.run("inspect", "-f", "{{.State.Running}}", id).ok());
    docker.run("kill", id).ok();
    assertEquals("137", docker.run("wait", id).ok());
    docker.run("rm", id).ok();
  }

  @Test
  void runningContainerIsRemovedByForce() {
    String id = limpid("-d", "busybox", "sleep", "1000").ok();
    docker.run("rm", "-f", id).ok();
    assertEquals("", docker.run("ps", "-aq").ok());
  }

  @Test
  void whatTheContainerWroteIsThereAfterARestart() throws InterruptedException {
    String id =
        limpid(
                "-d",
                "busybox",
                "sh",
                "-c",
                "echo x >> /root/written; wc -l < /root/written; exec sleep 1000")
            .ok();
    awaitLog(id, "1");
    docker.run("restart", "-t", "0", id).ok();
    awaitLog(id, "1\n2");
  }

  @Test
  void execRunsInTheContainer() throws InterruptedException {
    String id = limpid("-d", "busybox", "sh", "-c", "echo up; exec sleep 1000").ok();
    awaitLog(id, "up");
    assertEquals(
        "b\n/root\n5\n",
        new String(
            docker
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
                .out(),
            StandardCharsets.UTF_8));
    assertEquals(
        "hello",
        docker.run("hello".getBytes(StandardCharsets.UTF_8), "exec", "-i", id, "cat").ok());
    assertEquals(42, docker.run("exec", id, "sh", "-c", "exit 42").status());
    assertEquals(126, docker.run("exec", id, "/etc/plain").status());
    docker.run("exec", "-d", id, "sh", "-c", "echo x > /tmp/made").ok();
    String text = docker.run("exec", "-t", id, "sh", "-c", "tty").ok();
    assertTrue(text.startsWith("/dev/pts/"), text);
    String top = docker.run("top", id).ok();
    assertTrue(top.contains("limpid-shim"), top);
  }

  @Test
  void pauseAndUpdateReachTheGuest() throws InterruptedException {
    String id = limpid("-d", "busybox", "sh", "-c", "echo up; exec sleep 1000").ok();
    awaitLog(id, "up");
    docker.run("pause", id).ok();
    assertEquals("paused", docker.run("inspect", "-f", "{{.State.Status}}", id).ok());
    docker.run("unpause", id).ok();
    docker.run("update", "--pids-limit", "77", id).ok();
    assertEquals("77", docker.run("exec", id, "cat", "/sys/fs/cgroup/pids.max").ok());
  }

  @Test
  void execAtATerminalIsInteractive() throws InterruptedException {
    String id = limpid("-d", "busybox", "sh", "-c", "echo up; exec sleep 1000").ok();
    awaitLog(id, "up");
    Result result =
        atTerminal(
            "word\n", "docker exec -it " + id + " sh -c 'read line; echo got $line; tty; exit 4'");
    assertEquals(4, result.status(), result.toString());
    assertTrue(result.text().contains("got word\r\n/dev/pts/"), result.toString());
  }

  @Test
  void pausedContainerStandsStillAndGoesOn() throws InterruptedException {
    String id =
        limpid("-d", "busybox", "sh", "-c", "i=0; while echo $i; do i=$((i+1)); sleep 0.1; done")
            .ok();
    awaitLines(id, 0);
    docker.run("pause", id).ok();
    assertEquals("true", docker.run("inspect", "-f", "{{.State.Paused}}", id).ok());
    assertNotEquals(0, docker.run("exec", id, "true").status());
    int paused = linesOfWhatStandsStill(id);
    docker.run("top", id).ok();
    assertEquals(paused, linesOfWhatStandsStill(id));
    docker.run("unpause", id).ok();
    awaitLines(id, paused);
    docker.run("exec", id, "true").ok();
  }

  /** What was on its way when it was halted has arrived when two looks see the same. */
  private static int linesOfWhatStandsStill(String id) throws InterruptedException {
    int before = -1;
    int now = lines(id);
    for (int look = 0; now != before; look++) {
      assertTrue(look < 20, () -> "it goes on: " + docker.run("logs", id));
      TimeUnit.SECONDS.sleep(1);
      before = now;
      now = lines(id);
    }
    return now;
  }

  private static int lines(String id) {
    return (int) docker.run("logs", id).ok().lines().count();
  }

  private static void awaitLines(String id, int more) throws InterruptedException {
    while (lines(id) <= more) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  @Test
  void healthIsWhatTheCommandInTheContainerSays() throws InterruptedException {
    String id =
        limpid(
                "-d",
                "--health-cmd",
                "test -e /tmp/well",
                "--health-interval",
                "500ms",
                "--health-retries",
                "1",
                "busybox",
                "sh",
                "-c",
                "touch /tmp/well; exec sleep 1000")
            .ok();
    awaitProperty(id, ".State.Health.Status", "healthy");
    docker.run("exec", id, "rm", "/tmp/well").ok();
    awaitProperty(id, ".State.Health.Status", "unhealthy");
  }

  @Test
  void containerThatFailsIsRestartedAsOftenAsAskedFor() throws InterruptedException {
    String id =
        limpid("-d", "--restart", "on-failure:2", "busybox", "sh", "-c", "echo run; exit 3").ok();
    awaitProperty(id, ".RestartCount", "2");
    awaitProperty(id, ".State.Status", "exited");
    assertEquals("3", docker.run("inspect", "-f", "{{.State.ExitCode}}", id).ok());
    assertEquals("run\nrun\nrun", docker.run("logs", id).ok());
  }

  @Test
  void whoeverAttachesSeesTheOutputAndGetsTheStatus() throws InterruptedException {
    String id =
        limpid(
                "-d",
                "busybox",
                "sh",
                "-c",
                "until test -e /tmp/go; do sleep 0.1; done; echo out; echo err >&2; exit 4")
            .ok();
    CompletableFuture<Result> attached =
        CompletableFuture.supplyAsync(() -> docker.run("attach", "--no-stdin", id));
    String container = "container=" + id;
    await(
        "attach",
        "events",
        "--since",
        "1",
        "--until",
        "0s",
        "--filter",
        container,
        "--filter",
        "event=attach",
        "--format",
        "{{.Action}}");
    // How this ends is nobody's business: the container may end first, and takes it with it.
    docker.run("exec", id, "touch", "/tmp/go");
    Result result = attached.join();
    assertEquals(4, result.status(), result.toString());
    assertEquals("out", result.text());
    assertEquals("err", result.err().strip());
  }

  @Test
  void whoeverDetachesLeavesTheContainerRunning() throws InterruptedException {
    String id =
        limpid("-d", "-it", "busybox", "sh", "-c", "while read line; do echo got $line; done").ok();
    String keys = Character.toString('x' - 'a' + 1) + "y";
    atTerminal("word\n" + keys, "docker attach --detach-keys ctrl-x,y " + id);
    assertEquals("true", docker.run("inspect", "-f", "{{.State.Running}}", id).ok());
    // Who has left has not waited for the answer.
    awaitLog(id, "word\r\ngot word");
  }

  @Test
  void containersShareAVolumeAndOneWaitsForTheOther() throws InterruptedException {
    docker.run("volume", "create", "shared").ok();
    try {
      String first =
          limpid(
                  "-d",
                  "--network",
                  "none",
                  "--volume",
                  "shared:/data",
                  "--health-cmd",
                  "test -e /data/ready",
                  "--health-interval",
                  "500ms",
                  "busybox",
                  "sh",
                  "-c",
                  "echo row > /data/table; touch /data/ready; exec sleep 1000")
              .ok();
      awaitProperty(first, ".State.Health.Status", "healthy");
      assertEquals(
          "row",
          limpid(
                  "--rm",
                  "--network",
                  "none",
                  "--volumes-from",
                  first,
                  "busybox",
                  "sh",
                  "-c",
                  "cat /data/table; echo another >> /data/table")
              .ok());
      assertEquals("row\nanother", docker.run("exec", first, "cat", "/data/table").ok());
      docker.run("rm", "-f", first).ok();
    } finally {
      docker.run("volume", "rm", "shared").ok();
    }
  }
}
