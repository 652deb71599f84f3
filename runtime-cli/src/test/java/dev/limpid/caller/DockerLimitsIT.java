package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Limits that Docker sets and changes, and what it tells of what is used. */
final class DockerLimitsIT extends DockerCaller {
  @Test
  void limitsAreThoseAskedFor() {
    assertEquals(
        "67108864\n50000 100000\n33\n1",
        limpid(
                "--rm",
                "--memory",
                "64m",
                "--cpus",
                "0.5",
                "--pids-limit",
                "33",
                "busybox",
                "sh",
                "-c",
                "cd /sys/fs/cgroup; cat memory.max cpu.max pids.max; nproc")
            .ok());
  }

  @Test
  void lackOfMemoryIsTheReasonThatDockerTells() {
    String id = limpid("-d", "--memory", "64m", "busybox", "tail", "/dev/zero").ok();
    assertEquals("137", docker.run("wait", id).ok());
    assertEquals(
        "true 137",
        docker.run("inspect", "-f", "{{.State.OOMKilled}} {{.State.ExitCode}}", id).ok());
  }

  @Test
  void statisticsAreThoseOfTheVirtualMachine() throws InterruptedException {
    String id = limpid("-d", "busybox", "sh", "-c", "echo up; while :; do :; done").ok();
    awaitLog(id, "up");
    String[] stats =
        docker
            .run("stats", "--no-stream", "--format", "{{.CPUPerc}} {{.MemUsage}} {{.PIDs}}", id)
            .ok()
            .split(" ", -1);
    String text = String.join(" ", stats);
    assertTrue(Double.parseDouble(stats[0].replace("%", "")) > 0, text);
    assertTrue(stats[1].endsWith("MiB") && !stats[1].startsWith("0"), text);
    assertTrue(Integer.parseInt(stats[stats.length - 1]) > 0, text);
  }

  @Test
  void limitsAreChangedWhileTheContainerRuns() throws InterruptedException {
    String id =
        limpid("-d", "--memory", "64m", "busybox", "sh", "-c", "echo up; exec sleep 1000").ok();
    awaitLog(id, "up");
    docker.run("update", "--memory", "96m", "--memory-swap", "96m", "--cpus", "0.7", id).ok();
    assertEquals(
        "100663296\n70000 100000",
        docker.run("exec", id, "cat", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cpu.max").ok());
  }
}
