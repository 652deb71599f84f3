package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A resident process with a socket of its own, and calls that know of it. */
final class ResidentProcess {
  /** Its name does not tell whose it is: the containers' processes are told apart by that. */
  static final List<String> COMMAND = List.of(OciRuntime.executable().toString(), "resident");

  private static final String VARIABLE = "LIMPID_RESIDENT";

  /** Address space that the client has enough of, and no JVM. */
  private static final String LITTLE = "--as=20000000";

  private final OciRuntime runtime;
  private final Path socket;
  private final Path log;
  private final Process process;

  private ResidentProcess(OciRuntime runtime, Path socket, Path log, Process process) {
    this.runtime = runtime;
    this.socket = socket;
    this.log = log;
    this.process = process;
  }

  /** Starts one, and waits until it does what it is for. It ends with the sandbox. */
  static ResidentProcess start(Sandbox sandbox, String... options) throws Exception {
    Path socket = sandbox.path("resident").resolve("socket");
    List<String> command = new ArrayList<>(COMMAND);
    command.addAll(List.of(options));
    ResidentProcess started = at(sandbox, socket, command);
    Await.until("a resident process listens", () -> Files.exists(socket));
    started.awaitService();
    return started;
  }

  /** One that a command line makes, wherever it listens. */
  static ResidentProcess at(Sandbox sandbox, Path socket, List<String> command) throws Exception {
    Path log = sandbox.path("log-of-resident");
    ProcessBuilder builder = sandbox.runtime().program(command);
    builder.environment().put(VARIABLE, socket.toString());
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    Process process = sandbox.start(builder.redirectInput(Path.of("/dev/null").toFile()));
    return new ResidentProcess(sandbox.runtime(), socket, log, process);
  }

  /** Until it serves. */
  void awaitService() throws Exception {
    awaitService("list");
  }

  /** The same, asking for something else. */
  void awaitService(String... arguments) throws Exception {
    Await.until("calls are served", () -> serves(arguments));
  }

  Process process() {
    return process;
  }

  Path socket() {
    return socket;
  }

  /** What it has said to nobody in particular. */
  String said() {
    return OciRuntime.text(log);
  }

  /** A call that may be handed over to it. */
  ProcessBuilder verb(String... arguments) {
    return knowing(runtime.verb(arguments));
  }

  /** Any program that may hand its calls over. */
  ProcessBuilder knowing(ProcessBuilder builder) {
    builder.environment().put(VARIABLE, socket.toString());
    return builder.redirectInput(Path.of("/dev/null").toFile());
  }

  Outcome call(String... arguments) throws Exception {
    return runtime.toEnd(verb(arguments));
  }

  /** The same call without it. */
  Outcome without(String... arguments) throws Exception {
    ProcessBuilder builder = verb(arguments);
    builder.environment().put(VARIABLE, "never");
    return runtime.toEnd(builder);
  }

  /** A call that can't start a JVM: it is done by the resident process, or not at all. */
  Outcome callWithoutJvm(String... arguments) throws Exception {
    return runtime.toEnd(withoutJvm(runtime.commandLine(arguments)));
  }

  ProcessBuilder withoutJvm(List<String> commandLine) {
    List<String> command = new ArrayList<>(List.of("prlimit", LITTLE, "--"));
    command.addAll(commandLine);
    return knowing(runtime.program(command));
  }

  /** Whether a call was handed over and answered, as opposed to given back. */
  boolean serves(String... arguments) throws Exception {
    return !isOfFailedJvm(callWithoutJvm(arguments));
  }

  /** There was one to be started, which had no room for its own code. */
  static boolean isOfFailedJvm(Outcome outcome) {
    return outcome.status() != 0 && outcome.err().contains("libjvm.so");
  }

  /** Whether a call has got a JVM of its own, or is about to, or is over. */
  static boolean hasBecomeAnother(Process call) throws IOException {
    Path name = Path.of("/proc", Long.toString(call.pid()), "comm");
    return !call.isAlive() || !Files.readString(name).equals("limpid\n");
  }

  void signal(String name) throws Exception {
    runtime.toEnd(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))).succeeded();
  }

  /** Its exit status, once it has ended. */
  int end() throws Exception {
    assertTrue(process.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS), "it does not end");
    return process.exitValue();
  }

  int threads() throws IOException {
    return count("task");
  }

  int descriptors() throws IOException {
    return count("fd");
  }

  /** That it has started nothing. */
  void assertHasNoChildren() throws Exception {
    assertEquals(List.of(), process.children().toList());
  }

  private int count(String folder) throws IOException {
    int count = 0;
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(process.pid()), folder))) {
      for (Path ignored : entries) {
        count++;
      }
    }
    return count;
  }
}
