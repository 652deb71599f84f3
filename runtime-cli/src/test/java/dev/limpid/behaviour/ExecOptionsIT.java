package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a second process has of the container's own, of its options, and of a process object. */
final class ExecOptionsIT extends SharedContainer {
  private static final String CAPABILITIES = "awk '/^Cap/ { print $1 $2 }' /proc/self/status";

  @Override
  void describe(TestBundle bundle) {
    bundle
        .env("VARIABLE=container")
        .capabilities(
            List.of("bounding", "effective", "permitted"), "CAP_KILL", "CAP_NET_BIND_SERVICE")
        .process(
            p ->
                p.with("cwd", "/etc")
                    .with("user", Json.object("{\"uid\": 3, \"gid\": 4, \"umask\": 63}"))
                    .with("oomScoreAdj", 321)
                    .with(
                        "rlimits",
                        JsonArray.of(
                            Json.object(
                                "{\"type\": \"RLIMIT_NOFILE\", \"soft\": 512, \"hard\": 768}"))))
        .script("exec sleep 1000000");
  }

  private static JsonObject user(long uid, long gid) {
    return Json.object("{\"user\": {\"uid\": " + uid + ", \"gid\": " + gid + "}}");
  }

  @Test
  void withoutOptionsItIsLikeTheContainersOwn() throws Exception {
    // Now and then, Go's library raises the soft limit of what runc executes to the hard one.
    assertEquals(
        "/etc\ncontainer\n3\n4\n768\n", shell("pwd; echo $VARIABLE; id -u; id -g; ulimit -H -n"));
  }

  @Test
  void itsParentIsNotInTheContainer() throws Exception {
    assertEquals("0\n", shell("awk '/^PPid/ { print $2 }' /proc/$$/status"));
  }

  @Test
  void aVariableReplacesOneOfTheSameName() throws Exception {
    Outcome outcome =
        exec("--env", "VARIABLE=mine", "--env", "EMPTY=", id(), "sh", "-c", "env").succeeded();
    Map<String, String> variables = new TreeMap<>();
    for (String line : outcome.lines()) {
      int equals = line.indexOf('=');
      variables.put(line.substring(0, equals), line.substring(equals + 1));
    }
    assertEquals("mine", variables.get("VARIABLE"));
    assertEquals("", variables.get("EMPTY"));
  }

  @Test
  void aUserAloneKeepsTheGroup() throws Exception {
    assertEquals("9 4\n", exec("--user", "9", id(), "sh", "-c", "echo $(id -u) $(id -g)").out());
  }

  @Test
  void aUserIsANumber() throws Exception {
    exec("--user", "joe", id(), "true").exited(255);
    exec("--user", "1:joe", id(), "true").exited(255);
  }

  @Test
  void groupsAreAddedOneByOne() throws Exception {
    Outcome outcome =
        exec("--additional-gids", "7", "--additional-gids", "8", id(), "id", "-G").succeeded();
    assertEquals("4 7 8\n", outcome.out());
  }

  @Test
  void aCapabilityIsAdded() throws Exception {
    Outcome outcome =
        exec("--user", "0:0", "--cap", "CAP_CHOWN", id(), "sh", "-c", CAPABILITIES).succeeded();
    // Bits 0, 5 and 10.
    assertTrue(outcome.out().contains("CapBnd:0000000000000421"), outcome::toString);
    assertTrue(outcome.out().contains("CapEff:0000000000000421"), outcome::toString);
  }

  @Test
  void aDirectoryThatIsMissingIsMadeOrRefused() throws Exception {
    Outcome outcome = exec("--user", "0:0", "--cwd", "/tmp/made/here", id(), "pwd");
    if (outcome.status() == 0) {
      assertEquals("/tmp/made/here\n", outcome.out());
    } else {
      assertTrue(outcome.err().contains("no such file or directory"), outcome::toString);
    }
  }

  @Test
  void aRelativeDirectoryIsRefused() throws Exception {
    Outcome outcome = exec("--cwd", "etc", id(), "true").exited(255);
    assertTrue(outcome.err().contains("absolute path"), outcome::toString);
  }

  @Test
  @VmOnly
  void aCgroupIsRefused() throws Exception {
    Outcome outcome = exec("--cgroup", "/below", id(), "true").exited(255);
    assertTrue(outcome.err().contains("--cgroup: /below: not supported"), outcome::toString);
  }

  @Test
  @VmOnly
  void openFilesAreRefused() throws Exception {
    Outcome outcome = exec("--preserve-fds", "2", id(), "true").exited(255);
    assertTrue(outcome.err().contains("--preserve-fds: 2: not supported"), outcome::toString);
  }

  @Test
  void attachedItWritesItsPidToo() throws Exception {
    Path pidFile = sandbox().path("pid");
    exec("--pid-file", pidFile.toString(), id(), "true").succeeded();
    assertTrue(Files.readString(pidFile).matches("[1-9][0-9]*"));
  }

  @Test
  void aSignalThatEndsItIs128PlusItsNumber() throws Exception {
    exec(id(), "sh", "-c", "kill -9 $$").exited(128 + 9);
    exec(id(), "sh", "-c", "kill -15 $$").exited(128 + 15);
  }

  @ParameterizedTest
  @CsvSource({"TERM, 15", "INT, 2", "USR1, 10", "HUP, 1"})
  void signalsAreForwardedToIt(String name, int number) throws Exception {
    ProcessBuilder verb =
        runtime()
            .verb(
                "exec",
                id(),
                "sh",
                "-c",
                "trap 'exit "
                    + (20 + number)
                    + "' "
                    + name
                    + "; echo up; while :; do sleep 0.05; done");
    Process process = sandbox().start(verb.redirectError(sandbox().path("err").toFile()));
    try (var out = process.inputReader()) {
      assertEquals("up", out.readLine());
      runtime()
          .toEnd(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())))
          .succeeded();
    }
    assertTrue(process.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(20 + number, process.exitValue());
  }

  @Test
  void inTheBackgroundItsStreamsAreThoseOfExec() throws Exception {
    Path input = Files.writeString(sandbox().path("input"), "a line\n");
    Path output = sandbox().path("output");
    Process verb =
        sandbox()
            .start(
                runtime()
                    .verb("exec", "--detach", id(), "sh", "-c", "cat; echo err >&2; echo end")
                    .redirectInput(input.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile()));
    assertEquals(0, verb.waitFor());
    Await.until("all is there", () -> Files.readString(output).equals("a line\nerr\nend\n"));
  }

  @Test
  void itsTerminalIsSentToTheConsoleSocket() throws Exception {
    Path file =
        process(
            "stty size; read -r name; echo \"hello $name\"",
            Json.object("{\"terminal\": true, \"consoleSize\": {\"height\": 21, \"width\": 66}}"));
    Path socket = sandbox().path("console");
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "socket",
                socket.toString(),
                Json.steps(
                    List.of(
                        List.of("expect", "21 66"),
                        List.of("send", "you\n"),
                        List.of("expect", "hello you")))));
    arguments.addAll(
        runtime()
            .commandLine(
                "exec",
                "--detach",
                "--process",
                file.toString(),
                "--console-socket",
                socket.toString(),
                id()));
    List<String> command = sandbox().helper("terminal.py", arguments.toArray(new String[0]));
    JsonCursor answer = Json.read(runtime().toEnd(runtime().program(command)).succeeded().out());
    assertEquals(0, answer.required("status").asInt64());
  }

  @Test
  void aProcessObjectsEnvironmentIsAll() throws Exception {
    assertSays(
        "\n",
        "echo $VARIABLE",
        Json.object("{\"env\": [\"PATH=/bin\", \"OTHER=x\"], \"user\": {\"uid\": 0, \"gid\": 0}}"));
  }

  @Test
  void aProcessObjectHasItsUserAndGroups() throws Exception {
    assertSays(
        "12 13 13 14 15\n",
        "echo $(id -u) $(id -g) $(id -G)",
        Json.object("{\"user\": {\"uid\": 12, \"gid\": 13, \"additionalGids\": [14, 15]}}"));
  }

  @Test
  void aProcessObjectHasItsUmask() throws Exception {
    assertSays("0037\n", "umask", Json.object("{\"user\": {\"uid\": 12, \"umask\": 31}}"));
  }

  @Test
  void aProcessObjectHasItsDirectory() throws Exception {
    assertSays("/mnt\n", "pwd", Json.object("{\"cwd\": \"/mnt\"}"));
  }

  @Test
  void aProcessObjectHasItsOomScore() throws Exception {
    assertSays("555\n", "cat /proc/self/oom_score_adj", Json.object("{\"oomScoreAdj\": 555}"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aProcessObjectSaysWhetherPrivilegesCanBeGained(boolean never) throws Exception {
    assertSays(
        never ? "1\n" : "0\n",
        "awk '/^NoNewPrivs:/ { print $2 }' /proc/self/status",
        Json.object("{\"noNewPrivileges\": " + never + "}"));
  }

  /**
   * A limit of every kind: its soft and hard one, and what /proc says. Lower than a host's, and not
   * too low for a runtime in Go, which lives under them for a moment.
   */
  private static final String[] LIMITS = {
    "AS 68719476736 137438953472 Max address space",
    "CORE 4096 8192 Max core file size",
    "CPU 1000 2000 Max cpu time",
    "DATA 68719476736 137438953472 Max data size",
    "FSIZE 67108864 134217728 Max file size",
    "LOCKS 100 200 Max file locks",
    "MEMLOCK 32768 65536 Max locked memory",
    "MSGQUEUE 1000 2000 Max msgqueue size",
    "NICE 0 0 Max nice priority",
    "NOFILE 600 600 Max open files",
    "NPROC 5000 6000 Max processes",
    "RSS 67108864 134217728 Max resident set",
    "RTPRIO 0 0 Max realtime priority",
    "RTTIME 1000000 2000000 Max realtime timeout",
    "SIGPENDING 100 200 Max pending signals",
    "STACK 8388608 16777216 Max stack size"
  };

  @Test
  void aProcessObjectHasLimitsOfEveryKind() throws Exception {
    List<JsonValue> limits = new ArrayList<>();
    for (String limit : LIMITS) {
      String[] words = limit.split(" ", 4);
      limits.add(
          JsonObject.builder()
              .put("type", "RLIMIT_" + words[0])
              .put("soft", Long.parseLong(words[1]))
              .put("hard", Long.parseLong(words[2]))
              .build());
    }
    JsonObject process = user(0, 0).with("rlimits", new JsonArray(limits));
    String said =
        exec("--process", process("cat /proc/self/limits", process).toString(), id())
            .succeeded()
            .out();
    for (String limit : LIMITS) {
      String[] words = limit.split(" ", 4);
      String line = words[3] + " +" + words[1] + " +" + words[2] + " .*";
      assertTrue(said.lines().anyMatch(each -> each.matches(line)), () -> line + ": " + said);
    }
  }

  private String capabilities(long uid, String sets) throws Exception {
    JsonObject process = user(uid, uid).with("capabilities", Json.object(sets));
    return exec("--process", process(CAPABILITIES, process).toString(), id()).succeeded().out();
  }

  @Test
  void theBoundingSetIsAsGiven() throws Exception {
    String said = capabilities(9, "{\"bounding\": [\"CAP_CHOWN\", \"CAP_SYS_CHROOT\"]}");
    assertTrue(said.contains("CapBnd:0000000000040001\n"), said);
    assertTrue(said.contains("CapPrm:0000000000000000\n"), said);
  }

  @Test
  void theInheritableSetIsAsGiven() throws Exception {
    String said =
        capabilities(
            9,
            "{\"bounding\": [\"CAP_KILL\"], \"permitted\": [\"CAP_KILL\"],"
                + " \"inheritable\": [\"CAP_KILL\"]}");
    assertTrue(said.contains("CapInh:0000000000000020\n"), said);
    assertTrue(said.contains("CapAmb:0000000000000000\n"), said);
  }

  @Test
  void theAmbientSetGivesAUserWhatIsPermitted() throws Exception {
    String said =
        capabilities(
            9,
            "{\"bounding\": [\"CAP_KILL\", \"CAP_CHOWN\"], \"permitted\": [\"CAP_KILL\","
                + " \"CAP_CHOWN\"], \"effective\": [\"CAP_KILL\"], \"inheritable\": [\"CAP_KILL\"],"
                + " \"ambient\": [\"CAP_KILL\"]}");
    for (String set : List.of("Inh", "Prm", "Eff", "Amb")) {
      assertTrue(said.contains("Cap" + set + ":0000000000000020\n"), said);
    }
    assertTrue(said.contains("CapBnd:0000000000000021\n"), said);
  }

  @Test
  void rootHasNoMoreThanTheBoundingSet() throws Exception {
    String said =
        capabilities(
            0,
            "{\"bounding\": [\"CAP_CHOWN\"], \"effective\": [], \"permitted\": [\"CAP_CHOWN\"]}");
    assertTrue(said.contains("CapPrm:0000000000000001\n"), said);
    assertTrue(said.contains("CapEff:0000000000000001\n"), said);
  }

  @Test
  void aCapabilityThatNobodyKnowsIsPassedOver() throws Exception {
    JsonObject process =
        user(0, 0)
            .with("capabilities", Json.object("{\"bounding\": [\"CAP_CHOWN\", \"CAP_NO_SUCH\"]}"));
    Outcome outcome = exec("--process", process(CAPABILITIES, process).toString(), id());
    assertTrue(outcome.succeeded().out().contains("CapBnd:0000000000000001\n"), outcome::toString);
    assertTrue(outcome.err().contains("CAP_NO_SUCH"), outcome::toString);
  }

  @Test
  void aProcessObjectThatIsNoneIsRefused() throws Exception {
    Path text = Files.writeString(sandbox().path("process"), "{\"args\": [");
    exec("--process", text.toString(), id()).exited(255);
    exec("--process", sandbox().path("nothing").toString(), id()).exited(255);
    Path empty = Files.writeString(sandbox().path("process"), "{\"args\": [], \"cwd\": \"/\"}");
    assertTrue(exec("--process", empty.toString(), id()).exited(255).err().contains("args"));
  }

  @Test
  @VmOnly
  void profilesOfTheHostAreLeftOut() throws Exception {
    exec("--apparmor", "docker-default", id(), "true").succeeded();
    exec("--process-label", "system_u:system_r:container_t:s0", id(), "true").succeeded();
    assertSays(
        "3\n",
        "id -u",
        user(3, 3).with("apparmorProfile", "docker-default").with("selinuxLabel", "a:b:c:s0"));
  }
}
