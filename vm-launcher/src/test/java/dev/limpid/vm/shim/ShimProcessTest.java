package dev.limpid.vm.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The shim's process, with a script in its place. */
@Timeout(30)
class ShimProcessTest {
  @TempDir private Path folder;

  @Test
  void saysThatThereIsNoShim() {
    assertThrows(
        IOException.class,
        () ->
            ShimProcess.start(
                folder.resolve("none"),
                ShimProcess.Role.RUN,
                folder.resolve("plan"),
                ShimProcess.Streams.NONE));
  }

  @Test
  void getsItsPlanAndNoEnvironment() throws Exception {
    Path shim =
        script("echo \"$#:$1:$2\" > \"$2\"; /usr/bin/env -u PWD -u SHLVL -u _ >> \"$2\"; exit 42");

    ShimProcess process =
        ShimProcess.start(
            shim, ShimProcess.Role.RUN, folder.resolve("plan"), ShimProcess.Streams.NONE);

    assertEquals(42, process.await());
    assertFalse(process.isAlive());
    assertEquals(
        "2:run:" + folder.resolve("plan") + "\n", Files.readString(folder.resolve("plan")));
  }

  @Test
  void hasNoStreamsIfTheTerminalGoesElsewhere() throws Exception {
    Path shim =
        script(
            "streams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); echo \"$streams\" > \"$2\"");

    ShimProcess.start(shim, ShimProcess.Role.RUN, folder.resolve("plan"), ShimProcess.Streams.NONE)
        .await();

    assertEquals("/dev/null\n".repeat(3), Files.readString(folder.resolve("plan")));
  }

  @Test
  void isKilled() throws Exception {
    ShimProcess process =
        ShimProcess.start(
            script("exec sleep 1000"),
            ShimProcess.Role.RUN,
            folder.resolve("plan"),
            ShimProcess.Streams.NONE);

    assertTrue(process.isAlive());
    assertTrue(process.pid() > 0);
    process.terminate();
    assertEquals(128 + 15, process.await());
  }

  private Path script(String text) throws IOException {
    Path script = folder.resolve("shim");
    Files.writeString(script, "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    return script;
  }
}
