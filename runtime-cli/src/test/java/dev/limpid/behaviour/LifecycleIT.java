package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonCursor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From create to delete, and what is refused on the way. */
final class LifecycleIT extends Behaviour {
  private static final String[] FOREVER = {"exec sleep 1000000"};

  private static final List<String> STATE_KEYS =
      List.of("ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "owner");

  @Test
  void aContainerIsCreatedRunsAndStops() throws Exception {
    String id = sandbox().id();
    Path bundle = script(FOREVER);
    Path pidFile = sandbox().path("pid");

    runtime().create(id, bundle, "--pid-file", pidFile.toString());
    JsonCursor created = runtime().state(id);
    assertEquals(STATE_KEYS, keys(created));
    assertEquals(id, created.requiredString("id"));
    assertEquals("created", created.requiredString("status"));
    assertEquals(bundle.toString(), created.requiredString("bundle"));
    assertEquals(bundle.resolve("rootfs").toString(), created.requiredString("rootfs"));
    created.requiredString("owner");
    assertTrue(created.requiredString("ociVersion").matches("1\\.\\d+\\.\\d+.*"));
    assertTrue(
        created
            .requiredString("created")
            .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{1,9}Z"),
        created.requiredString("created"));
    String pid = Files.readString(pidFile);
    assertTrue(pid.matches("[1-9][0-9]*"), pid);
    assertEquals(pid, Long.toString(created.required("pid").asInt64()));

    runtime().call("start", id).succeeded();
    JsonCursor running = runtime().state(id);
    assertEquals("running", running.requiredString("status"));
    assertEquals(pid, Long.toString(running.required("pid").asInt64()));
    assertEquals(created.requiredString("created"), running.requiredString("created"));

    runtime().call("kill", id, "KILL").succeeded();
    runtime().awaitStatus(id, "stopped");
    JsonCursor stopped = runtime().state(id);
    assertEquals(STATE_KEYS, keys(stopped));
    assertEquals(0, stopped.required("pid").asInt64());

    runtime().call("delete", id).succeeded();
    assertEquals("", runtime().call("list", "-q").succeeded().out());
    sandbox().assertNothingIsLeft();
  }

  private static List<String> keys(JsonCursor object) {
    return List.copyOf(object.asObject().members().keySet());
  }

  @Test
  void stateTellsTheAnnotations() throws Exception {
    String id = sandbox().id();
    runtime().create(id, sandbox().bundle().annotation("org.example.key", "a value").write());
    JsonCursor state = runtime().state(id);
    List<String> expected = new ArrayList<>(STATE_KEYS);
    expected.add(expected.indexOf("owner"), "annotations");
    assertEquals(expected, keys(state));
    assertEquals("a value", state.required("annotations").requiredString("org.example.key"));
    // One that was never started can be deleted as it is.
    runtime().call("delete", id).succeeded();
    sandbox().assertNothingIsLeft();
  }

  @Test
  void listTellsOfEveryContainer() throws Exception {
    String first = sandbox().id();
    String second = sandbox().id();
    Path bundle = script("true");
    assertEquals("", runtime().call("list", "--quiet").succeeded().out());
    runtime().create(first, bundle);
    runtime().createAndStart(second, bundle);
    runtime().awaitStatus(second, "stopped");

    assertEquals(first + "\n" + second + "\n", runtime().call("list", "-q").succeeded().out());

    List<JsonCursor> json =
        Json.read(runtime().call("list", "--format", "json").succeeded().out()).elements();
    assertEquals(2, json.size());
    assertEquals(first, json.get(0).requiredString("id"));
    assertEquals("created", json.get(0).requiredString("status"));
    assertEquals(
        runtime().state(first).required("pid").value(), json.get(0).required("pid").value());
    assertEquals("stopped", json.get(1).requiredString("status"));
    assertEquals(0, json.get(1).required("pid").asInt64());

    String[] table = runtime().call("list").succeeded().lines();
    assertEquals(3, table.length);
    assertTrue(table[0].matches("ID +PID +STATUS +BUNDLE +CREATED +OWNER *"), table[0]);
    assertTrue(
        table[1].matches(first + " +[1-9]\\d* +created +" + bundle + " +\\S+Z +root *"), table[1]);
    assertTrue(table[2].matches(second + " +0 +stopped +" + bundle + " +\\S+Z +root *"), table[2]);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 42, 255})
  void theProcessEndsWithTheStatusOfTheWorkload(int status) throws Exception {
    assertEquals("{\"exited\":" + status + "}", endOf(script("exit " + status), List.of()));
  }

  @Test
  void theProcessTellsThatTheWorkloadWasKilled() throws Exception {
    assertEquals(128 + 9, statusFor(endOf(script(FOREVER), List.of("KILL"))));
  }

  @Test
  void theProcessTellsThatASignalEndedTheWorkload() throws Exception {
    // As PID 1 of a namespace it would be spared what it does not ask for.
    Path bundle = sandbox().bundle().script(FOREVER).withoutNamespaces("pid").write();
    assertEquals(128 + 15, statusFor(endOf(bundle, List.of("TERM"))));
  }

  /** The status that a shell, and every engine, makes of the end of a process. */
  private static long statusFor(String end) {
    JsonCursor cursor = Json.read(end);
    Optional<JsonCursor> signal = cursor.optional("signaled");
    return signal.isPresent() ? 128 + signal.get().asInt64() : cursor.required("exited").asInt64();
  }

  @Test
  @VmOnly
  void theProcessExitsWhenASignalEndsTheWorkload() throws Exception {
    assertEquals("{\"exited\":137}", endOf(script(FOREVER), List.of("KILL")));
  }

  @Test
  void aContainerThatWasNeverStartedCanBeKilled() throws Exception {
    String id = sandbox().id();
    runtime().create(id, script(FOREVER));
    runtime().call("kill", id, "KILL").succeeded();
    runtime().awaitStatus(id, "stopped");
    runtime().call("delete", id).succeeded();
  }

  @Test
  void aChangeOfTheBundleComesTooLateAfterCreate() throws Exception {
    String id = sandbox().id();
    TestBundle bundle = sandbox().bundle().annotation("key", "before").script("echo before");
    Path output = runtime().create(id, bundle.write());
    bundle.annotation("key", "after").script("echo after").write();
    runtime().call("start", id).succeeded();
    runtime().awaitStatus(id, "stopped");
    awaitOutput(output, "before\n");
    assertEquals("before", runtime().state(id).required("annotations").requiredString("key"));
  }

  @Test
  void execRunsInAContainerThatWasNotStarted() throws Exception {
    String id = sandbox().id();
    runtime().create(id, script(FOREVER));
    assertEquals("in\n", runtime().call("exec", id, "echo", "in").succeeded().out());
    assertEquals("created", runtime().status(id));
  }

  /**
   * Creates and starts a container below a subreaper, sends it a signal or none, and tells how the
   * subreaper saw its process end.
   */
  private String endOf(Path bundle, List<String> signals) throws Exception {
    String id = sandbox().id();
    Path pidFile = sandbox().path("pid");
    List<String> create =
        runtime()
            .commandLine(
                "create", "--bundle", bundle.toString(), "--pid-file", pidFile.toString(), id);
    List<String> arguments = new ArrayList<>();
    arguments.add(pidFile.toString());
    arguments.addAll(create);
    Process subreaper =
        sandbox()
            .start(
                runtime()
                    .program(sandbox().helper("subreaper.py", arguments.toArray(new String[0])))
                    .redirectError(sandbox().path("subreaper").toFile()));
    try (var says = subreaper.inputReader()) {
      JsonCursor created = Json.read(says.readLine());
      assertEquals(0, created.required("created").asInt64());
      assertTrue(created.required("parent").asBoolean(), "the process is a child of the subreaper");
      assertEquals(
          created.required("pid").asInt64(), runtime().state(id).required("pid").asInt64());
      runtime().call("start", id).succeeded();
      for (String signal : signals) {
        runtime().call("kill", id, signal).succeeded();
      }
      String end = says.readLine();
      runtime().awaitStatus(id, "stopped");
      return end.replace(" ", "");
    }
  }

  @Test
  void killSendsSignalsByNameAndByNumber() throws Exception {
    String id = sandbox().id();
    Path output =
        runtime()
            .createAndStart(
                id,
                script(
                    "trap 'echo TERM' TERM",
                    "trap 'echo USR1' USR1",
                    "trap 'echo HUP' HUP",
                    "trap 'echo INT; exit 3' INT",
                    "echo ready",
                    "while :; do sleep 0.05; done"));
    awaitOutput(output, "ready\n");
    runtime().call("kill", id).succeeded();
    awaitOutput(output, "ready\nTERM\n");
    runtime().call("kill", id, "sigusr1").succeeded();
    awaitOutput(output, "ready\nTERM\nUSR1\n");
    runtime().call("kill", id, "1").succeeded();
    awaitOutput(output, "ready\nTERM\nUSR1\nHUP\n");
    runtime().refuses("unknown signal", "kill", id, "NOSUCH");
    runtime().call("kill", id, "SIGINT").succeeded();
    awaitOutput(output, "ready\nTERM\nUSR1\nHUP\nINT\n");
    runtime().awaitStatus(id, "stopped");
  }

  @Test
  void killAllReachesEveryProcess() throws Exception {
    String id = sandbox().id();
    Path output =
        runtime()
            .createAndStart(
                id,
                script(
                    // First: the child may be ready before its parent goes on.
                    "trap 'echo parent; wait; exit' USR1",
                    "(trap 'echo child; exit' USR1; echo ready; while :; do sleep 0.05; done) &",
                    "while :; do sleep 0.05; done"));
    awaitOutput(output, "ready\n");
    runtime().call("kill", "--all", id, "USR1").succeeded();
    runtime().awaitStatus(id, "stopped");
    String text = OciRuntime.text(output);
    assertTrue(text.contains("child\n") && text.contains("parent\n"), text);
  }

  private static void awaitOutput(Path output, String text) throws Exception {
    Await.until("the container writes: " + text, () -> OciRuntime.text(output).equals(text));
  }

  @Test
  void whatIsNotThereIsRefused() throws Exception {
    String id = sandbox().id();
    for (String verb : List.of("state", "start", "kill", "delete")) {
      runtime().refuses("container does not exist", verb, id);
    }
    runtime().call("delete", "--force", id).succeeded();
    runtime().call("delete", "-f", id).succeeded();
  }

  @Test
  void whatDoesNotSuitTheStatusIsRefused() throws Exception {
    String id = sandbox().id();
    Path bundle = script("echo ready; while :; do sleep 0.05; done");
    runtime().create(id, bundle);
    runtime()
        .refuses(
            "container with given ID already exists", "create", "--bundle", bundle.toString(), id);
    assertEquals("created", runtime().status(id));

    runtime().call("start", id).succeeded();
    runtime().refuses("cannot start an already running container", "start", id);
    runtime()
        .refuses("cannot delete container " + id + " that is not stopped: running", "delete", id);
    runtime().refuses("container with given ID already exists", "run", "-b", bundle.toString(), id);
    assertEquals("running", runtime().status(id));

    runtime().call("kill", id, "9").succeeded();
    runtime().awaitStatus(id, "stopped");
    runtime().refuses("cannot start a container that has stopped", "start", id);
    runtime().refuses("container not running", "kill", id, "TERM");
    runtime().call("kill", "--all", id, "KILL").succeeded();
    runtime()
        .refuses(
            "container with given ID already exists", "create", "--bundle", bundle.toString(), id);
    runtime().call("delete", id).succeeded();
    runtime().refuses("container does not exist", "delete", id);
  }

  @Test
  void aRunningContainerIsDeletedByForce() throws Exception {
    String id = sandbox().id();
    runtime().createAndStart(id, script(FOREVER));
    runtime().call("delete", "--force", id).succeeded();
    sandbox().assertNothingIsLeft();
  }

  @Test
  void namesThatAreNoIdsAreRefused() throws Exception {
    String bundle = script("true").toString();
    for (String name : List.of("..", "a/b", "", "a b")) {
      Outcome outcome = runtime().call("create", "--bundle", bundle, name).exited(1);
      assertFalse(outcome.err().isEmpty());
    }
    assertEquals(List.of(), Sandbox.entries(runtime().root()));
  }

  @Test
  void hardlyAnyEnvironmentIsNeeded() throws Exception {
    ProcessBuilder run =
        runtime().verb("run", "--bundle", script("echo done").toString(), sandbox().id());
    run.environment().clear();
    run.environment().put("XDG_RUNTIME_DIR", sandbox().directory().toString());
    run.redirectInput(Path.of("/dev/null").toFile());
    assertEquals("done\n", runtime().toEnd(run).succeeded().out());
  }

  @Test
  void nobodyKeepsTheStreamsOfVerbsThatHaveEnded() throws Exception {
    String id = sandbox().id();
    runtime().create(id, script("echo ready; while :; do sleep 0.05; done"));
    assertStreamsEnd("state", id);
    assertStreamsEnd("start", id);
    assertStreamsEnd("kill", id, "USR1");
    assertStreamsEnd("delete", "--force", id);
  }

  /** cat ends when the last process does that could write to it. */
  private void assertStreamsEnd(String... verb) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "{ \"$@\"; echo \"=$?\"; } 2>&1 | cat", "-"));
    command.addAll(runtime().commandLine(verb));
    Outcome outcome =
        runtime()
            .toEnd(runtime().program(command).redirectInput(Path.of("/dev/null").toFile()))
            .succeeded();
    assertTrue(outcome.out().endsWith("=0\n"), outcome::toString);
  }

  /** Of other runtimes, now and then nobody does. */
  @Test
  @VmOnly
  void ofTwoWhoWantTheSameIdOneGetsIt() throws Exception {
    String id = sandbox().id();
    Path bundle = script(FOREVER);
    List<Process> creates = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      creates.add(
          sandbox()
              .start(
                  runtime()
                      .verb("create", "--bundle", bundle.toString(), id)
                      .redirectInput(Path.of("/dev/null").toFile())
                      .redirectOutput(sandbox().path("out").toFile())
                      .redirectError(sandbox().path("err").toFile())));
    }
    int sum = 0;
    for (Process create : creates) {
      sum += create.waitFor();
    }
    assertEquals(1, sum, "one exit status is 0, the other one 1");
    assertEquals("created", runtime().status(id));
    runtime().call("start", id).succeeded();
  }
}
