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
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Docker's users run with Limpid what they run with runc. */
final class DockerIT extends DockerCaller {
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
    String text =
        atTerminal(
                "word\n",
                "docker run --rm -it --runtime limpid busybox sh -c"
                    + " 'read line; echo got $line; stty size'")
            .ok();
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
  void containerWithoutNetworkHasItsLoopback() {
    assertEquals("lo", limpid("--rm", "--network", "none", "busybox", "ls", "/sys/class/net").ok());
  }

  @Test
  void volumesAreThoseOfTheHost() throws IOException {
    Path volume = Files.createDirectories(work.resolve("volume"));
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
  void commandsOfThePageAboutEnginesDoWhatTheySay() throws IOException {
    List<String> printed = new ArrayList<>();
    for (String command : EnginesPage.commands("Docker")) {
      printed.add(shell(command).ok());
    }
    assertTrue(printed.get(0).endsWith("-limpid"), printed.toString());
    assertEquals(TestedRuntime.executable(), printed.get(1));
  }
}
