package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Containers with a terminal. */
final class TerminalIT extends Behaviour {
  @Test
  void runLendsItsTerminalToTheContainer() throws Exception {
    Path bundle = sandbox().bundle().terminal().args("/bin/sh", "-i").write();
    List<List<Object>> steps =
        List.of(
            // What is typed is shown, too: so it must not read like the answer.
            List.of("send", "tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all' 'three\n"),
            List.of("expect", "/dev/pts/0"),
            List.of("expect", "all three"),
            List.of("send", "stty size\n"),
            List.of("expect", "24 80"),
            List.of("resize", 40, 100),
            List.of("send", "until [ \"$(stty size)\" = '40 100' ]; do :; done; echo re''sized\n"),
            List.of("expect", "resized"),
            List.of("send", "echo w''aits; cat\n"),
            List.of("expect", "waits\r\n"),
            List.of("send", "line\n"),
            List.of("expect", "line\r\nline\r\n"),
            List.of("send", "\u0003"),
            // What is typed before the signal has been delivered is thrown away with it.
            List.of("expect", "^C"),
            List.of("expect", "# "),
            List.of("send", "echo status''=$?\n"),
            List.of("expect", "status=130"),
            List.of("send", "exit 9\n"));
    JsonCursor answer = onPty(bundle, steps);
    assertEquals(9, answer.required("status").asInt64());
    assertTrue(answer.required("settings").asBoolean(), "the terminal's settings are as they were");
  }

  @Test
  void aTerminalGetsItsOwnBackWhenTheContainerCannotBeMade() throws Exception {
    Path bundle = sandbox().bundle().terminal().args("no-such-program").write();
    JsonCursor answer = onPty(bundle, List.of());
    assertEquals(1, answer.required("status").asInt64());
    assertTrue(answer.required("settings").asBoolean(), "the terminal's settings are as they were");
    String shown = answer.requiredString("shown");
    assertTrue(shown.contains("executable file not found in $PATH"), shown);
  }

  @Test
  void controlCReachesAWorkloadWithoutATerminalOnce() throws Exception {
    String id = sandbox().id();
    Path bundle =
        script(
            "trap 'echo interrupted' INT",
            "trap 'echo terminated; exit 4' TERM",
            "echo ready",
            "while :; do sleep 0.05; done");
    List<Object> kill = new ArrayList<>(List.of("call"));
    kill.addAll(runtime().commandLine("kill", id, "TERM"));
    List<List<Object>> steps =
        List.of(
            List.of("expect", "ready"),
            List.of("send", "\u0003"),
            List.of("expect", "interrupted"),
            // Whatever else the key has set off is there before this signal is.
            kill,
            List.of("expect", "terminated"));
    JsonCursor answer = onPty(id, bundle, steps);
    assertEquals(4, answer.required("status").asInt64());
    String shown = answer.requiredString("shown");
    assertEquals(shown.indexOf("interrupted"), shown.lastIndexOf("interrupted"), shown);
  }

  private JsonCursor onPty(Path bundle, List<List<Object>> steps) throws Exception {
    return onPty(sandbox().id(), bundle, steps);
  }

  private JsonCursor onPty(String id, Path bundle, List<List<Object>> steps) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("pty", Json.steps(steps)));
    arguments.addAll(runtime().commandLine("run", "--bundle", bundle.toString(), id));
    return help(arguments);
  }

  private JsonCursor help(List<String> arguments) throws Exception {
    List<String> command = sandbox().helper("terminal.py", arguments.toArray(new String[0]));
    return Json.read(runtime().toEnd(runtime().program(command)).succeeded().out());
  }

  @Test
  void createSendsTheTerminalToTheConsoleSocket() throws Exception {
    String id = sandbox().id();
    Path bundle =
        sandbox()
            .bundle()
            .terminal()
            .process(
                p ->
                    p.with(
                        "consoleSize",
                        JsonObject.builder().put("height", 33).put("width", 111).build()))
            .script(
                "stty size; echo name?; read -r name; echo \"hello $name\"; read -r end; stty size")
            .write();
    Path socket = sandbox().path("console");
    List<Object> start = new ArrayList<>(List.of("call"));
    start.addAll(runtime().commandLine("start", id));
    List<List<Object>> steps =
        List.of(
            start,
            List.of("expect", "33 111"),
            List.of("expect", "name?"),
            List.of("resize", 50, 132),
            List.of("send", "you\n"),
            List.of("expect", "hello you"),
            List.of("send", "\n"),
            List.of("expect", "50 132"),
            List.of("hangup"));
    List<String> arguments =
        new ArrayList<>(List.of("socket", socket.toString(), Json.steps(steps)));
    arguments.addAll(
        runtime()
            .commandLine(
                "create",
                "--bundle",
                bundle.toString(),
                "--console-socket",
                socket.toString(),
                id));
    JsonCursor answer = help(arguments);
    assertEquals(0, answer.required("status").asInt64());
    assertEquals("", answer.requiredString("streams"));
    runtime().awaitStatus(id, "stopped");
  }

  @Test
  void aTerminalWithNowhereToGoIsRefused() throws Exception {
    Path bundle = sandbox().bundle().terminal().write();
    String id = sandbox().id();
    Outcome outcome = runtime().call("create", "--bundle", bundle.toString(), id).exited(1);
    assertTrue(
        outcome.err().contains("console") && outcome.err().contains("socket"), outcome::toString);
    sandbox().assertNothingIsLeft();
  }

  @Test
  void aConsoleSocketWithoutATerminalIsRefused() throws Exception {
    Path bundle = script("true");
    String socket = sandbox().path("console").toString();
    Outcome outcome =
        runtime()
            .call(
                "create", "--bundle", bundle.toString(), "--console-socket", socket, sandbox().id())
            .exited(1);
    assertTrue(
        outcome.err().contains("console") && outcome.err().contains("socket"), outcome::toString);
    sandbox().assertNothingIsLeft();
  }

  @Test
  void aConsoleSocketWithNobodyBehindItIsAFailure() throws Exception {
    Path bundle = sandbox().bundle().terminal().write();
    String socket = sandbox().path("console").toString();
    Outcome outcome =
        runtime()
            .call(
                "create", "--bundle", bundle.toString(), "--console-socket", socket, sandbox().id())
            .exited(1);
    assertFalse(outcome.err().isEmpty());
    sandbox().assertNothingIsLeft();
  }
}
