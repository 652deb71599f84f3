package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A container from create to delete in one call. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
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

  @Test
  void signalsReachTheWorkload() throws Exception {
    assertPassesOn(
        List.of(
            "HUP", "INT", "ABRT", "USR1", "USR2", "ALRM", "CONT", "TSTP", "TTIN", "XCPU", "IO",
            "PWR", "SYS"));
  }

  /** The JVM keeps QUIT to itself. */
  @Test
  @VmOnly
  void quitStaysWithRun() throws Exception {
    assertPassesOn(List.of());
  }

  /**
   * Sends signals to a run, the last of them TERM, and has the workload tell what it gets. QUIT
   * comes first where it shall not arrive.
   */
  private void assertPassesOn(List<String> signals) throws Exception {
    List<String> lines = new ArrayList<>();
    for (String signal : signals) {
      lines.add("trap 'echo got " + signal + "' " + signal);
    }
    lines.add("trap 'echo got QUIT' QUIT");
    lines.add("trap 'echo got TERM; exit 35' TERM");
    lines.add("echo ready");
    lines.add("while :; do sleep 0.05; done");
    Path bundle = script(lines.toArray(new String[0]));
    Process run =
        sandbox()
            .start(
                runtime()
                    .verb("run", "--bundle", bundle.toString(), sandbox().id())
                    .redirectError(sandbox().path("err").toFile()));
    try (var out = run.inputReader()) {
      assertEquals("ready", out.readLine());
      if (signals.isEmpty()) {
        send("QUIT", run);
      }
      for (String signal : signals) {
        send(signal, run);
        assertEquals("got " + signal, out.readLine());
      }
      send("TERM", run);
      assertEquals("got TERM", out.readLine());
    }
    assertTrue(run.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(35, run.exitValue());
    sandbox().assertNothingIsLeft();
  }

  private void send(String signal, Process process) throws Exception {
    runtime()
        .toEnd(new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())))
        .succeeded();
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
      runtime().awaitStatus(id, "running");
      HostProcesses.kill(run.toHandle());
      run.waitFor();
    }
    assertEquals("running", runtime().status(id));
    runtime().call("delete", "--force", id).succeeded();
    sandbox().assertNothingIsLeft();
  }
}
