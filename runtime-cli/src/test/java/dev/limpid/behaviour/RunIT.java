package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A container from create to delete in one call. */
final class RunIT extends Behaviour {
  @Test
  void runStaysAndLeavesNothing() throws Exception {
    String id = sandbox().id();
    Path pidFile = sandbox().path("pid");
    Outcome outcome =
        runtime()
            .call(
                "run",
                "--bundle",
                script("echo out; exit 7").toString(),
                "--pid-file",
                pidFile.toString(),
                id)
            .exited(7);
    assertEquals("out\n", outcome.out());
    assertEquals("", outcome.err());
    assertTrue(Files.readString(pidFile).matches("[1-9][0-9]*"));
    assertEquals("", runtime().call("list", "-q").succeeded().out());
    sandbox().assertNothingIsLeft();
  }

  @Test
  void theBundleIsTheCurrentDirectoryIfNoneIsNamed() throws Exception {
    ProcessBuilder run = runtime().verb("run", sandbox().id());
    run.directory(script("echo out").toFile()).redirectInput(Path.of("/dev/null").toFile());
    assertEquals("out\n", runtime().toEnd(run).succeeded().out());
  }

  @Test
  void aDetachedRunReturnsWhileTheContainerRuns() throws Exception {
    String id = sandbox().id();
    Path go = sandbox().directory().resolve("go");
    Path bundle =
        sandbox()
            .bundle()
            .mount("/mnt", "bind", sandbox().directory().toString(), "bind")
            .script("until [ -e /mnt/go ]; do sleep 0.05; done")
            .write();
    runtime().call("run", "--detach", "--bundle", bundle.toString(), id).succeeded();
    assertEquals("running", runtime().status(id));
    Files.createFile(go);
    runtime().awaitStatus(id, "stopped");
    runtime().call("delete", id).succeeded();
  }

  @Test
  void aContainerCanBeKept() throws Exception {
    String id = sandbox().id();
    runtime().call("run", "--keep", "--bundle", script("exit 3").toString(), id).exited(3);
    assertEquals("stopped", runtime().status(id));
    assertEquals(0, runtime().state(id).required("pid").asInt64());
    runtime().call("delete", id).succeeded();
  }

  @ParameterizedTest
  @CsvSource({"TERM, 15", "INT, 2", "USR1, 10", "HUP, 1"})
  void signalsReachTheWorkload(String name, int number) throws Exception {
    String id = sandbox().id();
    Path bundle =
        script(
            "trap 'echo got " + name + "; exit " + (20 + number) + "' " + name,
            "echo ready",
            "while :; do sleep 0.05; done");
    Process run =
        sandbox()
            .start(
                runtime()
                    .verb("run", "--bundle", bundle.toString(), id)
                    .redirectError(sandbox().path("err").toFile()));
    try (var out = run.inputReader()) {
      assertEquals("ready", out.readLine());
      runtime()
          .toEnd(new ProcessBuilder(List.of("kill", "-" + name, Long.toString(run.pid()))))
          .succeeded();
      assertEquals("got " + name, out.readLine());
    }
    assertTrue(run.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(20 + number, run.exitValue());
    sandbox().assertNothingIsLeft();
  }

  @Test
  void aWorkloadThatIsKilledIsAFailureOfRun() throws Exception {
    String id = sandbox().id();
    Process run =
        sandbox()
            .start(
                runtime()
                    .verb(
                        "run", "--bundle", script("echo ready; exec sleep 1000000").toString(), id)
                    .redirectError(sandbox().path("err").toFile()));
    try (var out = run.inputReader()) {
      assertEquals("ready", out.readLine());
      runtime().call("kill", id, "KILL").succeeded();
    }
    assertTrue(run.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(128 + 9, run.exitValue());
    sandbox().assertNothingIsLeft();
  }

  @Test
  void aContainerOutlivesTheRunThatWasKilled() throws Exception {
    String id = sandbox().id();
    Process run =
        sandbox()
            .start(
                runtime()
                    .verb(
                        "run", "--bundle", script("echo ready; exec sleep 1000000").toString(), id)
                    .redirectError(sandbox().path("err").toFile()));
    try (var out = run.inputReader()) {
      assertEquals("ready", out.readLine());
      HostProcesses.kill(run.toHandle());
      run.waitFor();
    }
    assertEquals("running", runtime().status(id));
    runtime().call("delete", "--force", id).succeeded();
    sandbox().assertNothingIsLeft();
  }
}
