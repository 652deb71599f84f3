package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonCursor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A second process in a running container. */
final class ExecIT extends Behaviour {
  private String id;

  @BeforeEach
  void container() throws Exception {
    id = sandbox().id();
    runtime().createAndStart(id, script("exec sleep 1000"));
  }

  private Outcome exec(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("exec"));
    all.addAll(List.of(arguments));
    return runtime().call(all.toArray(new String[0]));
  }

  private Outcome shell(String line) throws Exception {
    return exec(id, "sh", "-c", line);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 42, 255})
  void itsStatusIsTheProcesss(int status) throws Exception {
    shell("exit " + status).exited(status);
  }

  @Test
  void itIsInTheContainer() throws Exception {
    shell("echo here > /tmp/file").succeeded();
    Outcome outcome = shell("cat /tmp/file; cat /proc/1/comm; echo err >&2").succeeded();
    assertEquals("here\nsleep\n", outcome.out());
    assertEquals("err\n", outcome.err());
  }

  @Test
  void itsInputArrives() throws Exception {
    Path input = Files.writeString(sandbox().path("input"), "some\nlines\n".repeat(10_000));
    ProcessBuilder verb = runtime().verb("exec", id, "sh", "-c", "cat; echo end");
    Outcome outcome = runtime().toEnd(verb.redirectInput(input.toFile())).succeeded();
    assertEquals(Files.readString(input) + "end\n", outcome.out());
  }

  @Test
  void optionsChangeWhatTheContainersProcessHas() throws Exception {
    Outcome outcome =
        exec(
                "--cwd",
                "/etc",
                "--env",
                "A=b c",
                "--user",
                "5:6",
                "--additional-gids",
                "7",
                id,
                "sh",
                "-c",
                "pwd; echo $A; id -u; id -g; id -G; echo $PATH")
            .succeeded();
    assertEquals("/etc\nb c\n5\n6\n6 7\n", outcome.out().replaceFirst("/usr.*\n", ""));
  }

  @Test
  void aProcessObjectSaysAll() throws Exception {
    Path file =
        Files.writeString(
            sandbox().path("process"),
            "{\"args\":[\"sh\",\"-c\",\"pwd; echo $X; id -u\"],\"cwd\":\"/tmp\",\"env\":"
                + "[\"PATH=/bin\",\"X=y\"],\"user\":{\"uid\":9,\"gid\":9}}");
    assertEquals("/tmp\ny\n9\n", exec("--process", file.toString(), id).succeeded().out());
  }

  @Test
  void inTheBackgroundItsPidStandsForIt() throws Exception {
    Path pidFile = sandbox().path("pid");
    Outcome outcome =
        exec(
            "--detach",
            "--pid-file",
            pidFile.toString(),
            id,
            "sh",
            "-c",
            "trap 'echo got > /tmp/got; exit' TERM; echo $$ > /tmp/up; while :; do sleep 0.05; done");
    outcome.succeeded();
    String pid = Files.readString(pidFile);
    assertTrue(pid.matches("[1-9][0-9]*"), pid);
    Await.until("it is up", () -> shell("cat /tmp/up").status() == 0);
    runtime().toEnd(new ProcessBuilder("kill", "-TERM", pid)).succeeded();
    Await.until("it has got the signal", () -> shell("cat /tmp/got").status() == 0);
    Await.until("its pid is gone", () -> !HostProcesses.isAlive(Long.parseLong(pid)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 42})
  void whoeverWaitsForItsPidGetsItsStatusHoweverSoonItEnds(int status) throws Exception {
    Path pidFile = sandbox().path("pid");
    List<String> command =
        runtime()
            .commandLine(
                "exec",
                "--detach",
                "--pid-file",
                pidFile.toString(),
                id,
                "sh",
                "-c",
                "exit " + status);
    Outcome outcome =
        runtime()
            .toEnd(
                runtime()
                    .program(
                        sandbox()
                            .helper("subreaper.py", join(List.of(pidFile.toString()), command))));
    assertEquals("{\"exited\": " + status + "}", outcome.succeeded().lines()[1]);
  }

  @Test
  void killingWhatStandsForItKillsIt() throws Exception {
    Path pidFile = sandbox().path("pid");
    exec("--detach", "--pid-file", pidFile.toString(), id, "sh", "-c", "exec sleep 4321")
        .succeeded();
    runtime().toEnd(new ProcessBuilder("kill", "-KILL", Files.readString(pidFile))).succeeded();
    Await.until("it is dead", () -> !shell("ps").succeeded().out().contains("sleep 4321"));
  }

  @Test
  void itHasATerminalIfAskedFor() throws Exception {
    List<String> command = runtime().commandLine("exec", "--tty", id, "sh");
    List<List<Object>> steps =
        List.of(
            List.of("resize", 33, 77),
            // What is typed is shown, too: so it must not read like the answer.
            List.of(
                "send",
                "until [ \"$(stty size)\" = '33 77' ]; do :; done; echo si''zed; tty; exit 5\n"),
            List.of("expect", "sized"));
    JsonCursor result =
        Json.read(
            runtime()
                .toEnd(
                    runtime()
                        .program(
                            sandbox()
                                .helper(
                                    "terminal.py",
                                    join(List.of("pty", Json.steps(steps)), command))))
                .succeeded()
                .out());
    assertEquals(5, result.required("status").asInt64());
    assertTrue(
        result.requiredString("shown").contains("/dev/pts/"), result.requiredString("shown"));
    assertTrue(result.required("settings").asBoolean());
  }

  private static String[] join(List<String> first, List<String> second) {
    List<String> all = new ArrayList<>(first);
    all.addAll(second);
    return all.toArray(new String[0]);
  }

  @Test
  void whatCannotBeRunIsToldWithStatus255() throws Exception {
    Outcome missing = exec(id, "nonexistent").exited(255);
    assertTrue(missing.err().contains("executable file not found in $PATH"), missing.toString());
    Outcome denied = exec(id, "/etc/plain").exited(255);
    assertTrue(denied.err().contains("permission denied"), denied.toString());
    assertTrue(exec("none-of-this-name", "true").exited(255).err().contains("does not exist"));
    assertFalse(exec(id).status() == 0, "without a program");
  }

  @Test
  void aStoppedContainerTakesNone() throws Exception {
    runtime().call("kill", id, "KILL").succeeded();
    runtime().awaitStatus(id, "stopped");
    Outcome outcome = exec(id, "true").exited(255);
    assertTrue(outcome.err().contains("stopped"), outcome.toString());
  }

  @Test
  void itEndsWithTheContainer() throws Exception {
    Path pidFile = sandbox().path("pid");
    exec("--detach", "--pid-file", pidFile.toString(), id, "sleep", "1000").succeeded();
    long pid = Long.parseLong(Files.readString(pidFile));
    runtime().call("kill", id, "KILL").succeeded();
    Await.until("its pid is gone", () -> !HostProcesses.isAlive(pid));
  }

  @Test
  void severalRunAtOnce() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      ProcessBuilder verb = runtime().verb("exec", id, "sh", "-c", "sleep 0.2; exit " + i);
      processes.add(sandbox().start(verb.redirectErrorStream(true)));
    }
    for (int i = 0; i < 8; i++) {
      assertEquals(i, processes.get(i).waitFor());
    }
  }

  @Test
  void psNamesThePidsOnTheHost() throws Exception {
    Path pidFile = sandbox().path("pid");
    exec("--detach", "--pid-file", pidFile.toString(), id, "sleep", "1000").succeeded();
    String pid = Files.readString(pidFile);
    String json = runtime().call("ps", "--format", "json", id).succeeded().out();
    List<Long> pids = new ArrayList<>();
    for (JsonCursor each : Json.read(json).elements()) {
      pids.add(each.asInt64());
    }
    assertTrue(pids.contains(Long.parseLong(pid)), json);
    assertTrue(pids.contains(runtime().state(id).required("pid").asInt64()), json);
    String[] table = runtime().call("ps", id, "-o", "pid,args").succeeded().lines();
    assertEquals(pids.size() + 1, table.length, String.join("\n", table));
    assertTrue(table[0].contains("PID"), table[0]);
  }
}
