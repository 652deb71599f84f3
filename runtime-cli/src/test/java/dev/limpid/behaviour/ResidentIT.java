package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.spec.DefaultConfig;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Verbs that a resident process does, and those that it leaves to others. */
@VmOnly
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ResidentIT extends Behaviour {
  private static final String SLOW = "slow";
  private static final int THREADS = 4;
  private static final int CALLS_OF_THREAD = 50;

  /** As a container that has ended has left it. */
  private static final String RECORD =
      "{\"id\":\"%s\",\"phase\":\"RUNNING\",\"shim\":{\"pid\":2147483647,\"startTime\":1},"
          + "\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\",\"created\":\"2025-03-01T12:34:56Z\","
          + "\"annotations\":{},\"releases\":[]}";

  /** A container that does not run any more, and none of whose processes is left to be ended. */
  private String ended() throws Exception {
    String id = sandbox().id();
    ended(id);
    return id;
  }

  /** One that has this name. */
  private void ended(String id) throws Exception {
    Path directory = Files.createDirectories(runtime().root().resolve(id));
    Files.writeString(directory.resolve("state.json"), RECORD.formatted(id));
    Files.writeString(directory.resolve("lock"), "");
    Files.write(
        directory.resolve("config.json"), JsonWriter.compact().writeBytes(DefaultConfig.json()));
  }

  /** One of which whoever reads what is known of it waits until it is told. */
  private Path unanswered() throws Exception {
    Path file = Files.createDirectories(runtime().root().resolve(SLOW)).resolve("state.json");
    runtime().toEnd(new ProcessBuilder("mkfifo", file.toString())).succeeded();
    return file;
  }

  /** Lets a call that waits for the file go on, and tells how it ends. */
  private static String release(Process waiting, Path file, Path output) throws Exception {
    // A writer that comes is enough: what is read then is nothing, and the verb says so.
    Files.newOutputStream(file).close();
    assertTrue(waiting.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    return waiting.exitValue() + " " + Files.readString(output);
  }

  private static ProcessBuilder into(Path output, ProcessBuilder call) {
    return call.redirectErrorStream(true).redirectOutput(output.toFile());
  }

  /** How the same call ends in a process of its own. */
  private String alone(Path file) throws Exception {
    Path output = sandbox().path("alone");
    ProcessBuilder call =
        runtime().verb("state", SLOW).redirectInput(Path.of("/dev/null").toFile());
    call.environment().put("LIMPID_RESIDENT", "never");
    return release(sandbox().start(into(output, call)), file, output);
  }

  /** Or whoever lists containers would wait for ever. */
  @AfterEach
  void removeUnanswered() throws Exception {
    Path directory = runtime().root().resolve(SLOW);
    Files.deleteIfExists(directory.resolve("state.json"));
    Files.deleteIfExists(directory);
  }

  /**
   * Hands over a call that is not answered before somebody writes into that file.
   *
   * @param over a container about which anybody can ask
   */
  private Process handOver(ResidentProcess resident, String over, ProcessBuilder call)
      throws Exception {
    while (true) {
      Process process = sandbox().start(call);
      Await.until(
          "it is handed over, or not",
          () -> ResidentProcess.hasBecomeAnother(process) || !resident.serves("state", over));
      if (!ResidentProcess.hasBecomeAnother(process)) {
        return process;
      }
      // What was asked before it was in its way.
      process.destroyForcibly().waitFor();
    }
  }

  private String running(String script) throws Exception {
    String id = sandbox().id();
    runtime().createAndStart(id, script(script));
    return id;
  }

  private static void assertSame(Outcome expected, Outcome outcome) {
    assertEquals(expected.status(), outcome.status(), outcome::toString);
    assertEquals(expected.out(), outcome.out());
    assertEquals(expected.err(), outcome.err());
  }

  private static String[] words(String text, String id) {
    return text.replace("ID", id).split(" ", -1);
  }

  private List<String> records(Path log) throws Exception {
    List<String> records = new ArrayList<>();
    for (String line : Files.exists(log) ? Files.readAllLines(log) : List.<String>of()) {
      records.add(line.replaceAll("\"time\":\"[^\"]*\"", ""));
    }
    Files.deleteIfExists(log);
    return records;
  }

  @Test
  void answersAreThoseOfAnOwnProcess() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String web = running("exec sleep 1000000");
    String over = ended();
    Files.createDirectories(runtime().root().resolve("foreign"));
    Files.writeString(runtime().root().resolve("foreign/state.json"), "{}");
    Path log = sandbox().path("log");
    for (String line :
        List.of(
            "state ID",
            "state OVER",
            "state none",
            "list",
            "list -q",
            "list --format json",
            "list --format bogus",
            "ps --format json ID",
            "ps --format json none",
            "kill ID 0",
            "kill ID BOGUS",
            "kill OVER",
            "kill --all OVER KILL",
            "kill none",
            "start ID",
            "start OVER",
            "start none",
            "delete ID",
            "delete none",
            "delete --force none")) {
      String[] verb = words(line.replace("OVER", over), web);
      assertTrue(resident.serves(verb), line);
      assertSame(resident.without(verb), resident.call(verb));
      List<String> logging =
          new ArrayList<>(List.of("--log", log.toString(), "--log-format", "json"));
      logging.addAll(List.of(verb));
      String[] logged = logging.toArray(new String[0]);
      assertSame(resident.without(logged), resident.callWithoutJvm(logged));
      List<String> twice = records(log);
      assertEquals(
          twice.subList(0, twice.size() / 2), twice.subList(twice.size() / 2, twice.size()));
    }
    resident.assertHasNoChildren();
    runtime().toEnd(new ProcessBuilder("rm", "-r", runtime().root().resolve("foreign").toString()));
  }

  @Test
  void whatItDoesNotDoIsDoneAsEver() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String over = ended();
    Path link = Files.createSymbolicLink(sandbox().path("link"), Path.of("/dev/stderr"));
    for (String line :
        List.of(
            "state",
            "state --bogus ID",
            "state --help",
            "state a/b",
            "kill ID TERM again",
            "list surplus",
            "--debug state ID",
            "--debug --log /dev/stderr state ID",
            "--log /dev/stderr state none",
            "--log LINK state none",
            "--log-format bogus list",
            "ps ID",
            "--rootless true list",
            "features",
            "frobnicate")) {
      String[] verb = words(line.replace("LINK", link.toString()), over);
      Outcome expected = resident.without(verb);
      Outcome outcome = resident.call(verb);
      assertEquals(expected.status(), outcome.status(), line);
      String time = "\"?time\"?[=:]\"[^\"]*\"";
      assertEquals(expected.out().replaceAll(time, ""), outcome.out().replaceAll(time, ""));
      assertEquals(expected.err().replaceAll(time, ""), outcome.err().replaceAll(time, ""));
    }
    resident.assertHasNoChildren();
  }

  @Test
  void aContainerIsStartedKilledAndDeletedByIt() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String id = sandbox().id();
    Path output = runtime().create(id, script("echo here", "exec sleep 1000000"));
    assertEquals("", resident.callWithoutJvm("start", id).succeeded().err());
    Await.until("it runs", () -> OciRuntime.text(output).equals("here\n"));
    assertEquals("running", runtime().status(id));
    resident.callWithoutJvm("kill", id, "KILL").succeeded();
    runtime().awaitStatus(id, "stopped");
    resident.callWithoutJvm("delete", id).succeeded();
    sandbox().assertNothingIsLeft();

    String other = running("exec sleep 1000000");
    resident.callWithoutJvm("delete", "--force", other).succeeded();
    sandbox().assertNothingIsLeft();
    resident.assertHasNoChildren();
  }

  private static JsonObject noting(String kind, Path file) {
    JsonObject hook =
        JsonObject.builder()
            .put("path", "/bin/sh")
            .put("args", Json.strings("sh", "-c", "echo $PPID >> " + file))
            .build();
    return JsonObject.builder().put(kind, JsonArray.of(hook)).build();
  }

  /** Hooks are children of the process that their caller has started for the verb. */
  private void hooksAreTheCallers(ResidentProcess resident, String kind, String verb)
      throws Exception {
    Path notes = sandbox().path("notes");
    String id = sandbox().id();
    TestBundle bundle = sandbox().bundle().edit(c -> c.with("hooks", noting(kind, notes)));
    runtime().create(id, bundle.script("exec sleep 1000000").write());
    if (verb.equals("delete")) {
      runtime().call("start", id).succeeded();
      runtime().call("kill", id, "KILL").succeeded();
      runtime().awaitStatus(id, "stopped");
    }
    String before = runtime().status(id);

    assertTrue(ResidentProcess.isOfFailedJvm(resident.callWithoutJvm(verb, id)));
    assertEquals(before, runtime().status(id));
    assertTrue(Files.notExists(notes));

    ProcessBuilder builder = resident.verb(verb, id).redirectErrorStream(true);
    Process process = builder.redirectOutput(sandbox().path("out").toFile()).start();
    assertTrue(process.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue());
    assertEquals(process.pid() + "\n", Files.readString(notes));
  }

  @Test
  void hooksAreNotRunByIt() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    hooksAreTheCallers(resident, "poststop", "delete");
    hooksAreTheCallers(resident, "poststart", "start");
    resident.assertHasNoChildren();
  }

  @Test
  void relativePathsAreTheCallers() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String over = ended();
    String limpid = OciRuntime.executable().toString();
    List<String> command = List.of(limpid, "--root", "root", "--log", "log", "state", over);
    Outcome outcome = runtime().toEnd(resident.withoutJvm(command)).succeeded();
    assertEquals(resident.without("state", over).out(), outcome.out());
    List<String> failing = List.of(limpid, "--root", "root", "--log", "log", "state", "none");
    runtime().toEnd(resident.withoutJvm(failing)).exited(1);
    assertTrue(OciRuntime.text(sandbox().directory().resolve("log")).contains("does not exist"));

    Path elsewhere = Files.createDirectories(sandbox().path("elsewhere"));
    Outcome nothing =
        runtime().toEnd(resident.withoutJvm(command).directory(elsewhere.toFile())).exited(1);
    assertEquals("limpid: container does not exist\n", nothing.err());
    assertTrue(Files.exists(elsewhere.resolve("log")));
  }

  /** A log that is yet to be made gets the mode that the caller wants. */
  @Test
  void theUmaskIsTheCallers() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    Path log = sandbox().path("log");
    String limpid = OciRuntime.executable().toString();
    List<String> command =
        List.of(
            "sh",
            "-c",
            "umask 077; exec \"$@\"",
            "-",
            limpid,
            "--log",
            log.toString(),
            "state",
            "none");
    runtime().toEnd(resident.knowing(runtime().program(command))).exited(1);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(log)));
    assertFalse(ResidentProcess.isOfFailedJvm(runtime().toEnd(resident.withoutJvm(command))));
  }

  @Test
  void hundredsOfCallsLeaveNothingBehind() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String web = running("exec sleep 1000000");
    String over = ended();
    Path log = sandbox().path("log");
    List<String[]> verbs =
        List.of(
            words("state ID", web),
            words("list -f json", web),
            words("kill ID 0", web),
            words("--log " + log + " kill ID", over),
            words("ps -f json ID", web),
            words("delete ID", web));
    List<Outcome> expected = new ArrayList<>();
    for (String[] verb : verbs) {
      expected.add(resident.without(verb));
      assertTrue(resident.serves(verb));
    }
    int threads = resident.threads();
    int descriptors = resident.descriptors();

    ExecutorService callers = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<Integer>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int first = i;
        all.add(
            () -> {
              int served = 0;
              for (int call = first; call < first + CALLS_OF_THREAD; call++) {
                String[] verb = verbs.get(call % verbs.size());
                assertSame(expected.get(call % verbs.size()), resident.call(verb));
                served += resident.serves(verb) ? 1 : 0;
              }
              return served;
            });
      }
      int served = 0;
      for (Future<Integer> each : callers.invokeAll(all)) {
        served += each.get();
      }
      assertTrue(served > 0, "it was never free");
    } finally {
      callers.shutdownNow();
    }

    assertTrue(resident.serves(verbs.get(0)));
    assertTrue(resident.threads() <= threads + 1, () -> "more threads than " + threads);
    // It may not have let go of the last call yet.
    Await.until(
        "no more descriptors than " + descriptors, () -> resident.descriptors() <= descriptors + 1);
    assertEquals("", resident.said());
    resident.assertHasNoChildren();
  }

  @Test
  void whileItIsBusyOthersHaveTheirOwn() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String over = ended();
    Path file = unanswered();
    String expected = alone(file);
    Path output = sandbox().path("out");
    Process waiting = handOver(resident, over, into(output, resident.verb("state", SLOW)));
    assertFalse(resident.serves("state", over));
    assertSame(resident.without("state", over), resident.call("state", over));
    assertTrue(waiting.isAlive());

    assertEquals(expected, release(waiting, file, output));
    resident.awaitService("state", over);
  }

  @Test
  void aContainerThatAnotherVerbChangesIsNotWaitedFor() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String over = ended();
    Path lock = runtime().root().resolve(over).resolve("lock");
    String program =
        "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.LOCK_EX);"
            + " print('locked', flush=True); sys.stdin.read()";
    Process holder = sandbox().start(new ProcessBuilder("python3", "-c", program, lock.toString()));
    assertEquals('l', holder.getInputStream().read());

    assertFalse(resident.serves("delete", over));
    assertTrue(resident.serves("state", over));
    Process delete = sandbox().start(resident.verb("delete", over));
    assertFalse(delete.waitFor(500, TimeUnit.MILLISECONDS));
    assertTrue(resident.serves("state", over));
    holder.getOutputStream().close();
    assertTrue(delete.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(0, delete.exitValue());
    assertFalse(Files.exists(lock.getParent()));
  }

  @Test
  void oneThatWasStoppedIsPassedBy() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String web = sandbox().id();
    Path output =
        runtime()
            .createAndStart(
                web,
                script("trap 'echo signalled' USR1", "echo ready", "while :; do sleep 0.1; done"));
    Await.until("it is ready", () -> OciRuntime.text(output).equals("ready\n"));
    resident.signal("STOP");
    long with = 0;
    long without = 0;
    for (int i = 0; i < 5; i++) {
      long begin = System.nanoTime();
      Outcome expected = resident.without("state", web);
      long middle = System.nanoTime();
      assertSame(expected, resident.call("state", web));
      without += middle - begin;
      with += System.nanoTime() - middle;
    }
    assertTrue(with < 10 * without, with + " instead of " + without);
    resident.call("kill", web, "USR1").succeeded();
    Await.until("it is signalled", () -> OciRuntime.text(output).equals("ready\nsignalled\n"));

    // What others have done in the meantime, it does not do again.
    resident.signal("CONT");
    resident.awaitService();
    resident.callWithoutJvm("kill", web, "USR1").succeeded();
    Await.until(
        "it is signalled again",
        () -> OciRuntime.text(output).startsWith("ready\nsignalled\nsignalled\n"));
    resident.callWithoutJvm("kill", web, "KILL").succeeded();
    runtime().awaitStatus(web, "stopped");
    assertEquals("ready\nsignalled\nsignalled\n", OciRuntime.text(output));
  }

  @Test
  void oneThatWasKilledIsNotMissed() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String over = ended();
    resident.signal("KILL");
    assertEquals(128 + 9, resident.end());
    assertTrue(Files.exists(resident.socket()));
    assertSame(resident.without("state", over), resident.call("state", over));
    assertEquals("", resident.call("delete", over).succeeded().err());

    // Another one takes its place.
    ResidentProcess next =
        ResidentProcess.at(sandbox(), resident.socket(), ResidentProcess.COMMAND);
    next.awaitService();
  }

  @Test
  void aQueryThatIsLostIsRepeated() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String over = ended();
    Path file = unanswered();
    String expected = alone(file);
    Path output = sandbox().path("out");
    Process waiting = handOver(resident, over, into(output, resident.verb("state", SLOW)));
    resident.signal("KILL");
    resident.end();
    assertEquals(expected, release(waiting, file, output));
  }

  @Test
  void aChangeThatIsLostIsAFailureThatSaysSo() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String over = ended();
    unanswered();
    Path log = sandbox().path("log");
    Path output = sandbox().path("out");
    ProcessBuilder kill =
        resident.verb("--log", log.toString(), "--log-format", "json", "kill", SLOW);
    Process waiting = handOver(resident, over, into(output, kill));
    resident.signal("KILL");
    resident.end();
    assertTrue(waiting.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(1, waiting.exitValue());
    String reason =
        "the resident process ended before it answered: whether 'kill' has been done,"
            + " 'limpid state' tells";
    assertEquals("limpid: " + reason + "\n", Files.readString(output));
    assertEquals(reason, Json.read(Files.readString(log).strip()).requiredString("msg"));
  }

  /** Says go to a resident process that has just been stopped. */
  private static final String LATE =
      """
      import glob, os, signal, socket, subprocess, sys, time
      def stopped(process):
          try:
              return all(open(thread).read().rsplit(')', 1)[1].split()[0] == 'T'
                         for thread in glob.glob(f'/proc/{process}/task/*/stat'))
          except OSError:
              return False
      place, resident, process, how, *command = sys.argv[1:]
      with socket.socket(socket.AF_UNIX) as listener:
          listener.bind(place)
          listener.listen(1)
          client = subprocess.Popen(command, env={**os.environ, 'LIMPID_RESIDENT': place},
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
          with listener.accept()[0] as connection:
              size = connection.recv(4, socket.MSG_WAITALL)
              request = size + connection.recv(int.from_bytes(size, 'big'), socket.MSG_WAITALL)
          client.wait()
      caller = socket.socket(socket.AF_UNIX)
      caller.connect(resident)
      caller.sendall(request)
      assert caller.recv(1) == b'T'
      os.kill(int(process), signal.SIGSTOP)
      # Not at once, and one thread after the other: it must not be at work when it stops.
      while not stopped(process):
          time.sleep(0.01)
      caller.sendall(b'G')
      if how != 'stays':
          caller.close()
      if how != 'hurries':
          print('s', flush=True)
          sys.stdin.read()
      os.kill(int(process), signal.SIGCONT)
      if how == 'stays':
          assert caller.recv(1) == b'D'
      """;

  /**
   * @param how "stays" with its call until the process goes on and "leaves" before, both when they
   *     are told; or "hurries", and leaves as well
   */
  private Process late(ResidentProcess resident, String how, String... verb) throws Exception {
    List<String> command = new ArrayList<>(List.of("python3", "-c", LATE));
    command.add(sandbox().path("recording-" + how + verb[0]).toString());
    command.add(resident.socket().toString());
    command.add(Long.toString(resident.process().pid()));
    command.add(how);
    command.addAll(resident.withoutJvm(runtime().commandLine(verb)).command());
    return sandbox().start(new ProcessBuilder(command).redirectError(Redirect.INHERIT));
  }

  private static void awaitEnd(Process caller) throws Exception {
    assertTrue(caller.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(0, caller.exitValue());
  }

  @Test
  void aCallThatComesLateIsNotDone() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    for (String how : List.of("stays", "leaves")) {
      String name = ended();
      Process caller = late(resident, how, "delete", "--force", name);
      assertEquals('s', caller.getInputStream().read());
      // Another one of the same name, about which nobody has said anything.
      resident.without("delete", name).succeeded();
      ended(name);
      Thread.sleep(1500);
      caller.getOutputStream().close();
      awaitEnd(caller);
      resident.awaitService();
      assertTrue(Files.exists(runtime().root().resolve(name)), "it has been removed");
    }
  }

  /** Even if it is in time. */
  @Test
  void nothingIsChangedForACallerThatHasGone() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String over = ended();
    awaitEnd(late(resident, "hurries", "delete", "--force", over));
    resident.awaitService();
    assertTrue(Files.exists(runtime().root().resolve(over)), "it has been removed");

    String web = sandbox().id();
    Path output =
        runtime()
            .create(
                web,
                script(
                    "trap 'echo first' USR1",
                    "trap 'echo second' USR2",
                    "echo ready",
                    "while :; do sleep 0.1; done"));
    awaitEnd(late(resident, "hurries", "start", web));
    resident.awaitService();
    assertEquals("created", runtime().status(web));

    resident.callWithoutJvm("start", web).succeeded();
    Await.until("it is ready", () -> OciRuntime.text(output).equals("ready\n"));
    awaitEnd(late(resident, "hurries", "kill", web, "USR1"));
    resident.awaitService();
    resident.callWithoutJvm("kill", web, "USR2").succeeded();
    Await.until("it is signalled", () -> OciRuntime.text(output).contains("second"));
    assertEquals("ready\nsecond\n", OciRuntime.text(output));
  }

  @Test
  void whatCannotBeReadIsNoReasonToFail() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    List<String> said = new ArrayList<>();
    for (boolean handed : List.of(false, true)) {
      String over = ended();
      Path file = runtime().root().resolve(over).resolve("network.json");
      Files.writeString(file, "{\"mark\":");
      String[] verb = words("delete --force ID", over);
      Outcome outcome = handed ? resident.call(verb) : resident.without(verb);
      said.add(outcome.succeeded().err().replace(over, "ID"));
      assertFalse(Files.exists(file.getParent()));
    }
    assertTrue(said.get(0).contains("network.json"), said.get(0));
    assertEquals(said.get(0), said.get(1));
  }

  /** Its hooks are looked for before it starts, and by others after that. */
  @Test
  void aStartWhoseHooksCannotBeReadIsLeftToOthers() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String id = sandbox().id();
    runtime().create(id, script("exec sleep 1000000"));
    Path file = runtime().root().resolve(id).resolve("config.json");
    byte[] whole = Files.readAllBytes(file);
    Files.writeString(file, "{");
    assertTrue(ResidentProcess.isOfFailedJvm(resident.callWithoutJvm("start", id)));
    Files.write(file, whole);
    assertEquals("created", runtime().status(id));
    resident.callWithoutJvm("start", id).succeeded();
  }

  @Test
  void whatIsDoneAgainIsSaidOnce() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String large = "\"annotations\":{\"a\":\"" + "x".repeat(1 << 20) + "\"}";
    for (int i = 0; i < 5; i++) {
      String id = ended();
      Path file = runtime().root().resolve(id).resolve("state.json");
      Files.writeString(file, RECORD.formatted(id).replace("\"annotations\":{}", large));
    }
    Path foreign = Files.createDirectories(runtime().root().resolve("foreign"));
    Files.writeString(foreign.resolve("state.json"), "{}");
    Path log = sandbox().path("log");
    String[] list = words("--log " + log + " --log-format json list --format json", "");
    Outcome expected = resident.without(list).succeeded();
    List<String> records = records(log);
    assertEquals(1, records.size());
    assertFalse(resident.serves(list));
    assertEquals(List.of(), records(log));
    assertSame(expected, resident.call(list));
    assertEquals(records, records(log));
    Files.delete(foreign.resolve("state.json"));
    Files.delete(foreign);
  }

  @Test
  void anInstallationThatHasChangedHasNothingInCommonWithIt() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String over = ended();
    Path jars = OciRuntime.executable().resolveSibling("../lib/limpid/jars").toRealPath();
    FileTime before = Files.getLastModifiedTime(jars);
    try {
      Files.setLastModifiedTime(jars, FileTime.fromMillis(before.toMillis() + 1000));
      assertFalse(resident.serves("state", over));
      assertSame(resident.without("state", over), resident.call("state", over));
    } finally {
      Files.setLastModifiedTime(jars, before);
    }
    assertEquals(0, resident.end());
    assertFalse(Files.exists(resident.socket()));
    assertEquals("", resident.said());
  }

  @Test
  void whoSeesSomethingElseHasHisOwn() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String over = ended();
    for (String namespace : List.of("--mount", "--net", "--user", "--cgroup", "--time")) {
      List<String> command = new ArrayList<>(List.of("unshare", namespace));
      if (namespace.equals("--time")) {
        command.add("--fork");
      }
      if (namespace.equals("--user")) {
        command.add("--map-root-user");
      }
      command.addAll(runtime().commandLine("state", over));
      assertTrue(
          ResidentProcess.isOfFailedJvm(runtime().toEnd(resident.withoutJvm(command))), namespace);
      assertSame(
          resident.without("state", over),
          runtime().toEnd(resident.knowing(runtime().program(command))));
    }
  }

  @Test
  void whoIsNotRootHasHisOwn() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    Files.setPosixFilePermissions(
        sandbox().directory(), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(
        resident.socket().getParent(), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(resident.socket(), PosixFilePermissions.fromString("rwxrwxrwx"));
    List<String> command =
        new ArrayList<>(
            List.of("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"));
    command.addAll(runtime().commandLine("list"));
    assertTrue(ResidentProcess.isOfFailedJvm(runtime().toEnd(resident.withoutJvm(command))));

    // Nor does it listen to who does not keep to that.
    String program =
        "import os, socket, sys; os.setgroups([]); os.setgid(65534); os.setuid(65534);"
            + " s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(1))";
    Outcome outcome =
        runtime()
            .toEnd(new ProcessBuilder("python3", "-c", program, resident.socket().toString()))
            .succeeded();
    assertEquals("b''\n", outcome.out());
    resident.awaitService();
  }

  @Test
  void whatIsNoRequestHarmsNobody() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String program =
        """
        import os, socket, sys
        for text in [b'', b'\\0', b'\\0' * 4, b'\\xff' * 4, b'\\0\\1\\0\\0' + b'x' * 65536,
                     b'\\0\\0\\0\\4abc\\0', b'\\0\\0\\0\\10' + b'\\0' * 8, os.urandom(4096)]:
            s = socket.socket(socket.AF_UNIX)
            s.connect(sys.argv[1])
            try:
                s.sendall(text)
                s.shutdown(socket.SHUT_WR)
                assert s.recv(1) in (b'', b'R'), text
            except (BrokenPipeError, ConnectionResetError):
                pass
        """;
    int descriptors = resident.descriptors();
    for (int i = 0; i < 10; i++) {
      runtime()
          .toEnd(new ProcessBuilder("python3", "-c", program, resident.socket().toString()))
          .succeeded();
    }
    resident.awaitService();
    Await.until(
        "no more descriptors than " + descriptors, () -> resident.descriptors() <= descriptors + 1);
    assertEquals("", resident.said());
  }

  @Test
  void itLeavesWhenNobodyCalls() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox(), "--idle", "1");
    assertEquals(0, resident.end());
    assertFalse(Files.exists(resident.socket()));
    assertEquals("", resident.said());
    assertEquals("[]\n", resident.call("list", "-f", "json").succeeded().out());
  }

  @Test
  void itFinishesWhatItDoesWhenItIsToldToEnd() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    String over = ended();
    Path file = unanswered();
    String expected = alone(file);
    Path output = sandbox().path("out");
    Process waiting = handOver(resident, over, into(output, resident.verb("state", SLOW)));
    resident.signal("TERM");
    assertFalse(resident.process().waitFor(500, TimeUnit.MILLISECONDS));
    assertEquals(expected, release(waiting, file, output));
    assertEquals(128 + 15, resident.end());
    assertFalse(Files.exists(resident.socket()));
  }

  @Test
  void itListensOnlyWhereNobodyElseDoes() throws Exception {
    ResidentProcess resident = ResidentProcess.start(sandbox());
    Outcome second = resident.call("resident").exited(1);
    assertTrue(second.err().contains("another resident process listens there"), second.err());
    assertTrue(resident.serves("list"));

    Path open = Files.createDirectories(sandbox().path("open"));
    ResidentProcess refused =
        ResidentProcess.at(sandbox(), open.resolve("socket"), ResidentProcess.COMMAND);
    assertEquals(1, refused.end());
    assertTrue(refused.said().contains(open + ": must be a folder that nobody but root can enter"));
  }

  private String refusal(Path place) throws Exception {
    ResidentProcess refused = ResidentProcess.at(sandbox(), place, ResidentProcess.COMMAND);
    assertEquals(1, refused.end());
    return refused.said();
  }

  @Test
  void itRemovesNothingThatIsNotItsOwn() throws Exception {
    Path folder = Files.createDirectories(sandbox().path("others"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    Path file = Files.writeString(folder.resolve("file"), "precious");
    String said = refusal(file);
    assertTrue(said.contains(file + ": is there, and no socket"), said);
    assertEquals("precious", Files.readString(file));

    Path socket = folder.resolve("socket");
    String program =
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(8);"
            + " print('l', flush=True); sys.stdin.read()";
    Process other =
        sandbox().start(new ProcessBuilder("python3", "-c", program, socket.toString()));
    assertEquals('l', other.getInputStream().read());
    said = refusal(socket);
    assertTrue(said.contains(socket + ": another process listens there"), said);
    assertTrue(Files.exists(socket));

    other.getOutputStream().close();
    assertTrue(other.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    ResidentProcess.at(sandbox(), socket, ResidentProcess.COMMAND).awaitService();
  }

  @Test
  void itTakesASocketThatIsItsStandardInput() throws Exception {
    Path socket = Files.createDirectories(sandbox().path("activated")).resolve("socket");
    String program =
        "import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]);"
            + " s.listen(8); os.dup2(s.fileno(), 0); os.execv(sys.argv[2], sys.argv[2:])";
    ResidentProcess resident =
        ResidentProcess.at(
            sandbox(),
            socket,
            List.of(
                "python3",
                "-c",
                program,
                socket.toString(),
                OciRuntime.executable().toString(),
                "resident",
                "--idle",
                "2"));
    resident.awaitService();
    assertEquals(0, resident.end());
    // It is not its own to remove.
    assertTrue(Files.exists(socket));
  }
}
