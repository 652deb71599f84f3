package dev.limpid.engine.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes, told from others that have got their number. */
@Timeout(60)
class HostProcessTest {
  private static final long NO_SUCH_PID = Integer.MAX_VALUE;

  @Test
  void nobodyIsDead() {
    HostProcess nobody = HostProcess.of(NO_SUCH_PID);

    assertEquals(new HostProcess(NO_SUCH_PID, 0), nobody);
    assertFalse(nobody.isAlive());
    assertTrue(nobody.awaitDeath(0));
    nobody.kill();
  }

  @Test
  void anotherOfTheSamePidIsNotTheProcess() throws Exception {
    Process process = new ProcessBuilder("/bin/sh", "-c", "read line").start();
    try {
      HostProcess now = HostProcess.of(process.pid());
      HostProcess earlier = new HostProcess(now.pid(), now.startTime() - 1);

      assertFalse(earlier.isAlive());
      assertTrue(earlier.awaitDeath(0));
      earlier.kill();
      assertTrue(now.isAlive());
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void thisProcessLives() {
    HostProcess self = HostProcess.of(ProcessHandle.current().pid());

    assertNotEquals(0, self.startTime());
    assertTrue(self.isAlive());
    assertFalse(self.awaitDeath(3));
  }

  @Test
  void isKilled() throws Exception {
    Process process = new ProcessBuilder("/bin/sh", "-c", "read line").start();
    HostProcess seen = HostProcess.of(process.pid());
    seen.kill();

    assertEquals(128 + 9, process.waitFor());
    assertTrue(seen.awaitDeath(0));
  }

  @Test
  void aZombieIsDead() throws Exception {
    // The child ends when its parent has become a program that does not ask for its status.
    Process parent =
        new ProcessBuilder("/bin/sh", "-c", "exec 3<&0; read line <&3 & echo $!; exec sleep 1000")
            .start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(parent.getInputStream(), StandardCharsets.UTF_8))) {
      long pid = Long.parseLong(out.readLine());
      HostProcess child = HostProcess.of(pid);

      assertNotEquals(0, child.startTime());
      while (!Files.readString(Path.of("/proc/" + parent.pid() + "/comm")).equals("sleep\n")) {
        assertTrue(parent.isAlive());
        Thread.onSpinWait();
      }
      parent.getOutputStream().write('\n');
      parent.getOutputStream().flush();
      assertTrue(child.awaitDeath(30_000));
      assertTrue(Files.exists(Path.of("/proc/" + pid)));
    } finally {
      parent.destroyForcibly().waitFor();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x) Z 0 0", "((", "))", ") ", "a b c"})
  void namesDoNotMatter(String name, @TempDir Path folder) throws Exception {
    Path script = folder.resolve(name);
    Files.writeString(script, "#!/bin/sh\nread line\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    Process process = new ProcessBuilder(script.toString()).start();
    try {
      awaitName(process.pid(), name);

      HostProcess seen = HostProcess.of(process.pid());

      assertTrue(seen.isAlive());
      assertTrue(seen.startTime() >= HostProcess.of(ProcessHandle.current().pid()).startTime());
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static void awaitName(long pid, String name) throws IOException {
    while (!Files.readString(Path.of("/proc/" + pid + "/comm")).equals(name + "\n")) {
      Thread.onSpinWait();
    }
  }
}
