package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Docker's users do with Limpid what they do with runc. The daemon is the test's own. */
final class DockerIT {
  private static final String LIMPID = System.getProperty("limpid.dist") + "/bin/limpid";
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private static final WorkFolder WORK = new WorkFolder();
  private static CallerDaemon daemon;
  private static CallerCommand docker;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    String host = "unix://" + WORK.resolve("docker.sock");
    docker =
        new CallerCommand(
            List.of("docker"),
            Map.of("DOCKER_HOST", host, "DOCKER_CONFIG", WORK.resolve("config").toString()));
    daemon =
        CallerDaemon.start(
            WORK.resolve("dockerd.log"),
            () -> docker.run("version").status() == 0,
            "dockerd",
            "--host",
            host,
            "--data-root",
            WORK.resolve("data").toString(),
            "--exec-root",
            WORK.resolve("exec").toString(),
            "--pidfile",
            WORK.resolve("docker.pid").toString(),
            "--storage-driver",
            "overlay2",
            "--add-runtime",
            "limpid=" + LIMPID);
    docker
        .run(
            "import",
            "-c",
            "ENV PATH=/bin",
            "-c",
            "CMD [\"sh\"]",
            TestImages.busybox(WORK.path()).toString(),
            "busybox")
        .ok();
  }

  @AfterAll
  static void stop() throws IOException, InterruptedException {
    daemon.close();
    assertEquals(
        List.of(), LimpidProcesses.leftOf(WORK.path()), "left when the daemon has stopped");
    WORK.close();
  }

  @AfterEach
  void nothingIsLeft() throws IOException, InterruptedException {
    String containers = docker.run("ps", "-aq").ok();
    for (String container : containers.split("\\s+", -1)) {
      if (!container.isEmpty()) {
        docker.run("rm", "-f", container);
      }
    }
    assertEquals(List.of(), LimpidProcesses.leftOf(WORK.resolve("exec/runtime-runc")));
    Path states = WORK.resolve("exec/runtime-runc/moby");
    if (Files.exists(states)) {
      try (var left = Files.list(states)) {
        assertEquals(List.of(), left.toList());
      }
    }
  }

  private static Result limpid(String... arguments) {
    return limpid(new byte[0], arguments);
  }

  private static Result limpid(byte[] input, String... arguments) {
    List<String> all = new ArrayList<>(List.of("run", "--runtime", "limpid"));
    all.addAll(List.of(arguments));
    return docker.run(input, all.toArray(new String[0]));
  }

  @Test
  void containerHasItsOwnKernelAndAnOverlayOfLayersAsItsRoot() {
    String text = limpid("--rm", "busybox", "sh", "-c", "uname -r; grep ' / ' /proc/mounts").ok();
    String[] lines = text.split("\n", -1);
    assertNotEquals(System.getProperty("os.version"), lines[0]);
    assertTrue(lines[0].endsWith("-limpid"), text);
    assertTrue(lines[1].startsWith("overlay / overlay rw,"), text);
    assertTrue(lines[1].contains("lowerdir=/run/limpid/layers/0:/run/limpid/layers/1"), text);
  }

  @Test
  void rootOfThePlainRuntimeIsUsedByTheSameDaemon() {
    assertEquals(
        System.getProperty("os.version"), docker.run("run", "--rm", "busybox", "uname", "-r").ok());
  }

  @Test
  void standardInputReachesTheContainerAndComesBack() {
    byte[] bytes = new byte[3_000_000];
    new Random(1).nextBytes(bytes);
    assertArrayEquals(bytes, limpid(bytes, "--rm", "-i", "busybox", "cat").out());
  }

  @Test
  void outputAndErrorsStayApart() {
    Result result = limpid("--rm", "busybox", "sh", "-c", "echo out; echo err >&2");
    assertEquals("out", result.ok());
    assertEquals("err", result.err().strip());
  }

  @Test
  void terminalIsOne() {
    Result result = limpid("--rm", "-t", "busybox", "sh", "-c", "tty; test -t 0 && echo terminal");
    String text = new String(result.out(), StandardCharsets.UTF_8);
    assertEquals("/dev/pts/0\r\nterminal\r\n", text, result.toString());
  }

  @Test
  void interactiveTerminalTakesInput() {
    String command =
        "docker run --rm -it --runtime limpid busybox sh -c 'read line; echo got $line; stty size'";
    CallerCommand script =
        new CallerCommand(
            List.of("script", "-qec", command, "/dev/null"),
            Map.of(
                "DOCKER_HOST",
                "unix://" + WORK.resolve("docker.sock"),
                "DOCKER_CONFIG",
                WORK.resolve("config").toString()));
    String text = script.run("word\n".getBytes(StandardCharsets.UTF_8)).ok();
    assertTrue(text.contains("got word"), text);
  }

  @Test
  void environmentFolderAndUserAreThoseAskedFor() {
    String text =
        limpid(
                "--rm",
                "-e",
                "GREETING=hello world",
                "-w",
                "/root",
                "-u",
                "5:6",
                "--hostname",
                "somehost",
                "busybox",
                "sh",
                "-c",
                "echo $GREETING; pwd; id -u; id -g; hostname")
            .ok();
    assertEquals("hello world\n/root\n5\n6\nsomehost", text);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 42, 255})
  void exitStatusIsThePrograms(int status) {
    assertEquals(status, limpid("--rm", "busybox", "sh", "-c", "exit " + status).status());
  }

  @ParameterizedTest
  @CsvSource({
    "nonexistent, 127, executable file not found in $PATH",
    "/bin/nonexistent, 127, no such file or directory",
    "/etc/plain, 126, permission denied",
    "/etc, 126, permission denied"
  })
  void commandThatCannotBeRunIsToldAsRuncDoes(String command, int status, String words) {
    Result result = limpid("--rm", "busybox", command);
    assertEquals(status, result.status(), result.toString());
    assertTrue(result.err().contains(words), result.toString());
  }

  @Test
  void unknownUserIsToldAsWithRunc() {
    Result runc = docker.run("run", "--rm", "-u", "nobody-of-that-name", "busybox", "true");
    Result limpid = limpid("--rm", "-u", "nobody-of-that-name", "busybox", "true");
    assertNotEquals(0, runc.status());
    assertEquals(runc.status(), limpid.status());
    assertEquals(runc.err(), limpid.err());
  }

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
  void containerWithoutNetworkHasItsLoopback() {
    assertEquals("lo", limpid("--rm", "--network", "none", "busybox", "ls", "/sys/class/net").ok());
  }

  @Test
  void volumesAreThoseOfTheHost() throws IOException {
    Path volume = Files.createDirectories(WORK.resolve("volume"));
    Files.writeString(volume.resolve("from-host"), "host");
    limpid(
            "--rm",
            "-v",
            volume + ":/v",
            "busybox",
            "sh",
            "-c",
            "test $(cat /v/from-host) = host && echo guest > /v/from-guest")
        .ok();
    assertEquals("guest\n", Files.readString(volume.resolve("from-guest")));
  }

  @Test
  void tenContainersRunAtOnce() {
    List<CompletableFuture<Result>> runs = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      String number = Integer.toString(i);
      runs.add(CompletableFuture.supplyAsync(() -> limpid("--rm", "busybox", "echo", number)));
    }
    for (int i = 0; i < 10; i++) {
      assertEquals(Integer.toString(i), runs.get(i).join().ok());
    }
  }

  @Test
  void debianRunsPythonRedisAndNginx() {
    docker.run("import", TestImages.debian().toString(), "debian").ok();
    assertEquals("42", limpid("--rm", "debian", "python3", "-c", "print(6 * 7)").ok());
    assertEquals(
        "PONG",
        limpid(
                "--rm",
                "debian",
                "sh",
                "-c",
                "redis-server --daemonize yes --logfile /tmp/log >/dev/null;"
                    + " until redis-cli ping 2>/dev/null; do sleep 0.1; done")
            .ok());
    assertEquals(
        "200",
        limpid(
                "--rm",
                "debian",
                "sh",
                "-c",
                "nginx; exec python3 -c 'import urllib.request as u;"
                    + " print(u.urlopen(\"http://127.0.0.1/\").status)'")
            .ok());
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

  @Test
  void privilegedContainerMayUseEverythingOfItsMachine() {
    String text =
        limpid(
                "--rm",
                "--privileged",
                "busybox",
                "sh",
                "-c",
                "mkdir /m; mount -t tmpfs none /m && head -c 1048576 /dev/zero > /m/image"
                    + " && losetup $(losetup -f) /m/image && cat /sys/block/loop0/size;"
                    + " echo 1 > /proc/sys/vm/drop_caches && echo written;"
                    + " ls /dev/net/tun /dev/fuse; ls /dev/kvm /dev/tty0 2>/dev/null; true")
            .ok();
    assertEquals("2048\nwritten\n/dev/fuse\n/dev/net/tun", text);
  }

  @Test
  void devicesThatTheGuestHasAreThereUnderTheirNames() {
    assertEquals(
        "0",
        limpid(
                "--rm",
                "--device",
                "/dev/zero",
                "--device",
                "/dev/zero:/dev/my-zero",
                "busybox",
                "sh",
                "-c",
                "test -c /dev/zero && head -c 1 /dev/my-zero | od -An -td1")
            .ok());
  }

  @Test
  void deviceOfTheHostThatTheGuestHasNotIsNamed() {
    Result result = limpid("--rm", "--device", "/dev/tty0:/dev/terminal", "busybox", "true");
    assertNotEquals(0, result.status());
    assertTrue(result.err().contains("/dev/terminal"), result.toString());
  }

  @Test
  void blockDeviceOfTheHostIsADiskWithTheRightsGiven() throws IOException {
    Path file = WORK.resolve("disk");
    Files.write(file, new byte[1 << 20]);
    CallerCommand losetup = new CallerCommand(List.of("losetup"), Map.of());
    String device = losetup.run("--find", "--show", file.toString()).ok();
    try {
      limpid("--rm", "--device", device + ":/dev/disk", "busybox", "sh", "-c", "echo x > /dev/disk")
          .ok();
      String read = "head -n 1 /dev/disk; echo y > /dev/disk";
      Result result =
          limpid("--rm", "--device", device + ":/dev/disk:r", "busybox", "sh", "-c", read);
      assertEquals("x", result.text());
      assertTrue(result.err().contains("Operation not permitted"), result.toString());
    } finally {
      losetup.run("--detach", device).ok();
    }
  }

  @Test
  void privilegedExecMayDoWhatItsContainerMayNot() throws InterruptedException {
    String id = limpid("-d", "busybox", "sh", "-c", "echo up; exec sleep 1000").ok();
    awaitLog(id, "up");
    // Not filtered by the container's seccomp profile, which holds for all of its processes.
    String mtu = "ip link set lo mtu 1400 && cat /sys/class/net/lo/mtu";
    assertNotEquals(0, docker.run("exec", id, "sh", "-c", mtu).status());
    assertEquals("1400", docker.run("exec", "--privileged", id, "sh", "-c", mtu).ok());
  }

  private static void awaitLog(String id, String expected) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    String log = docker.run("logs", id).ok();
    while (!log.equals(expected)) {
      if (System.nanoTime() > deadline) {
        assertEquals(expected, log);
      }
      TimeUnit.MILLISECONDS.sleep(50);
      log = docker.run("logs", id).ok();
    }
  }
}
