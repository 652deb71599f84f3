package dev.limpid.engine.hook;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.config.Hook;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hooks that behave in all sorts of ways; a script stands for the shim that starts them. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HookRunnerTest {
  /** More than a pipe holds. */
  private static final String LARGE = "x".repeat(1 << 20);

  private Path folder;
  private HookRunner runner;

  @BeforeEach
  void prepare(@TempDir Path temporary) throws IOException {
    folder = temporary;
    Path shim =
        script(
            "limpid-shim", "[ \"$1\" = hook ] || exit 99; path=$2; shift 3; exec \"$path\" \"$@\"");
    runner = new HookRunner(shim);
  }

  @ParameterizedTest
  @CsvSource({
    "exit 1, exit status 1",
    "exit 255, exit status 255",
    "echo no such network; exit 3, exit status 3: no such network",
    "echo to stderr >&2; exit 3, exit status 3: to stderr",
    "kill -9 $$, exit status 137"
  })
  void saysHowOneFailed(String text, String problem) throws IOException {
    Path hook = script("hook", text);

    HookException e =
        assertThrows(
            HookException.class, () -> runner.run("createRuntime", List.of(hook(hook)), "{}"));

    assertEquals("config.json: hooks.createRuntime[0]: " + hook + ": " + problem, e.getMessage());
  }

  @Test
  void saysThatTheShimCannotBeRun() {
    HookException e =
        assertThrows(
            HookException.class,
            () ->
                new HookRunner(folder.resolve("none"))
                    .run("prestart", List.of(hook(folder.resolve("hook"))), "{}"));

    assertTrue(
        e.getMessage()
            .startsWith(
                "config.json: hooks.prestart[0]: " + folder.resolve("hook") + ": cannot be run: "),
        e.getMessage());
  }

  @Test
  void theFirstThatFailsIsTheLast() throws IOException {
    Path good = script("good", "echo good >> " + folder + "/ran");
    Path bad = script("bad", "echo bad >> " + folder + "/ran; exit 1");

    HookException e =
        assertThrows(
            HookException.class,
            () -> runner.run("poststart", List.of(hook(good), hook(bad), hook(good)), "{}"));

    assertTrue(e.getMessage().startsWith("config.json: hooks.poststart[1]: "), e.getMessage());
    assertEquals("good\nbad\n", Files.readString(folder.resolve("ran")));
  }

  @Test
  void allAreRunIfAskedFor() throws IOException {
    Path good = script("good", "echo good >> " + folder + "/ran");
    Path bad = script("bad", "echo bad >> " + folder + "/ran; exit 1");

    List<String> failures =
        runner.runAll("poststop", List.of(hook(bad), hook(good), hook(bad)), "{}");

    assertEquals(
        List.of(
            "config.json: hooks.poststop[0]: " + bad + ": exit status 1",
            "config.json: hooks.poststop[2]: " + bad + ": exit status 1"),
        failures);
    assertEquals("bad\ngood\nbad\n", Files.readString(folder.resolve("ran")));
  }

  @Test
  void endsOneThatTakesTooLong() throws IOException {
    Path hook = script("hook", "echo $$ > " + folder + "/pid; exec sleep 1000");

    HookException e =
        assertThrows(
            HookException.class, () -> runner.run("prestart", List.of(hook(hook, 1)), "{}"));

    assertEquals(
        "config.json: hooks.prestart[0]: " + hook + ": took longer than its timeout of 1 s",
        e.getMessage());
    long pid = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
    ProcessHandle.of(pid).ifPresent(left -> left.onExit().join());
    assertFalse(ProcessHandle.of(pid).isPresent());
  }

  @Test
  void endsOneThatTakesTooLongAndDoesNotRead() throws IOException {
    Path hook = script("hook", "exec sleep 1000");

    HookException e =
        assertThrows(
            HookException.class, () -> runner.run("prestart", List.of(hook(hook, 1)), LARGE));

    assertTrue(e.getMessage().endsWith("timeout of 1 s"), e.getMessage());
  }

  @Test
  void givesItTheState() throws IOException {
    runner.run("prestart", List.of(hook(script("hook", "cat > " + folder + "/state"))), LARGE);

    assertEquals(LARGE, Files.readString(folder.resolve("state")));
  }

  @Test
  void oneNeedNotReadTheState() throws IOException {
    Path hook = script("hook", "exit 0");

    assertDoesNotThrow(() -> runner.run("prestart", List.of(hook(hook)), LARGE));
  }

  @Test
  void oneMayPrintMuchBeforeItReads() throws IOException {
    Path hook =
        script(
            "hook", "head -c 1000000 /dev/zero | tr '\\0' y; cat > " + folder + "/state; exit 4");

    HookException e =
        assertThrows(HookException.class, () -> runner.run("prestart", List.of(hook(hook)), LARGE));

    assertEquals(
        "config.json: hooks.prestart[0]: " + hook + ": exit status 4: " + "y".repeat(64 << 10),
        e.getMessage());
    assertEquals(LARGE, Files.readString(folder.resolve("state")));
  }

  @Test
  void doesNotWaitForWhatOneLeavesBehind() throws IOException {
    Path hook = script("hook", "sleep 1000 & echo $! > " + folder + "/pid; exit 0");

    runner.run("prestart", List.of(hook(hook)), "{}");

    long pid = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
    assertTrue(ProcessHandle.of(pid).orElseThrow().destroyForcibly());
  }

  @Test
  void hasItsArgumentsAndItsEnvironmentAlone() throws IOException {
    Path hook =
        script(
            "hook",
            "for a in \"$@\"; do echo \"<$a>\"; done > "
                + folder
                + "/got; /usr/bin/env -u PWD -u SHLVL -u _ | /usr/bin/sort >> "
                + folder
                + "/got");

    runner.run(
        "prestart",
        List.of(
            new Hook(
                hook.toString(),
                List.of("name", "a b", "", "$HOME"),
                List.of("X=1", "EMPTY=", "EQUALS=a=b"),
                OptionalLong.empty())),
        "{}");

    assertEquals(
        "<a b>\n<>\n<$HOME>\nEMPTY=\nEQUALS=a=b\nX=1\n", Files.readString(folder.resolve("got")));
  }

  private static Hook hook(Path program) {
    return new Hook(program.toString(), List.of(), List.of(), OptionalLong.empty());
  }

  private static Hook hook(Path program, long timeout) {
    return new Hook(program.toString(), List.of("hook"), List.of(), OptionalLong.of(timeout));
  }

  private Path script(String name, String text) throws IOException {
    Path script = folder.resolve(name);
    Files.writeString(script, "#!/bin/sh\nPATH=${PATH:-/usr/bin:/bin}\n" + text + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    return script;
  }
}
