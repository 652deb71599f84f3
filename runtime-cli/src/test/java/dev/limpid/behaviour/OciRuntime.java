package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.limpid.oci.json.JsonCursor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The runtime that is tested, with a root of its own. */
final class OciRuntime {
  private static final int TIMEOUT_SECONDS = 120;
  private static final Path RUNC = Path.of("/usr/sbin/runc");

  private final Path directory;
  private final Path executable;
  private final AtomicInteger calls = new AtomicInteger();

  /**
   * The runtime with its root, and what it writes, in a directory.
   *
   * @param directory absolute
   */
  OciRuntime(Path directory) {
    this(directory, executable());
  }

  private OciRuntime(Path directory, Path executable) {
    this.directory = directory;
    this.executable = executable;
  }

  /**
   * runc, whatever is tested: for what is compared check by check in one run.
   *
   * @param directory absolute; no other runtime's
   */
  static OciRuntime runc(Path directory) {
    return new OciRuntime(directory, RUNC);
  }

  /** The executable. */
  static Path executable() {
    String named = System.getProperty("limpid.runtime", "");
    if (!named.isEmpty()) {
      return Path.of(named);
    }
    String dist = System.getProperty("limpid.dist", "");
    if (dist.isEmpty()) {
      throw new IllegalStateException(
          "neither the property limpid.runtime nor limpid.dist says what to test");
    }
    return Path.of(dist, "bin", "limpid");
  }

  /** Whether it is Limpid. */
  static boolean runsVirtualMachines() {
    return Holder.VERSION.startsWith("limpid version ");
  }

  private static final class Holder {
    static final String VERSION = version();

    private static String version() {
      try {
        Process process = new ProcessBuilder(executable().toString(), "--version").start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }
  }

  /** Where the containers' state is. */
  Path root() {
    return directory.resolve("root");
  }

  /** A configuration under which everything that is kept lies in this directory. */
  Path configuration() {
    return directory.resolve("limpid.json");
  }

  /** The command line of a verb. */
  List<String> commandLine(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(executable.toString());
    command.add("--root");
    command.add(root().toString());
    command.addAll(List.of(arguments));
    return command;
  }

  /** A verb that can be started. Its streams are still pipes. */
  ProcessBuilder verb(String... arguments) {
    return program(commandLine(arguments));
  }

  /** Any program that can be started, with the surroundings that the runtime gets. */
  ProcessBuilder program(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().put("LIMPID_CONFIG", configuration().toString());
    return builder;
  }

  /** Runs a verb to its end, without input. */
  Outcome call(String... arguments) throws Exception {
    return toEnd(verb(arguments).redirectInput(Path.of("/dev/null").toFile()));
  }

  /**
   * Runs a program to its end. What it writes goes to files, which it may hand on to processes that
   * live longer.
   */
  Outcome toEnd(ProcessBuilder builder) throws Exception {
    // No test gives its own files names such as these.
    int call = calls.incrementAndGet();
    Path out = directory.resolve("out-of-call-" + call);
    Path err = directory.resolve("err-of-call-" + call);
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    String command = String.join(" ", builder.command());
    Process process = builder.start();
    if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      fail(command + ": takes more than " + TIMEOUT_SECONDS + " s; stderr: " + text(err));
    }
    return new Outcome(command, process.exitValue(), text(out), text(err));
  }

  /** Makes a container, which writes to the file that is returned, both its streams. */
  Path create(String id, Path bundle, String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("create", "--bundle", bundle.toString()));
    arguments.addAll(List.of(options));
    arguments.add(id);
    Path output = directory.resolve("output-of-" + id);
    Process process =
        verb(arguments.toArray(new String[0]))
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      fail("create takes more than " + TIMEOUT_SECONDS + " s; output: " + text(output));
    }
    assertEquals(0, process.exitValue(), () -> "create " + id + ": " + text(output));
    return output;
  }

  /** Makes a container and starts it; what it writes goes to the file that is returned. */
  Path createAndStart(String id, Path bundle) throws Exception {
    Path output = create(id, bundle);
    call("start", id).succeeded();
    return output;
  }

  /** The state of a container. */
  JsonCursor state(String id) throws Exception {
    return Json.read(call("state", id).succeeded().out());
  }

  /** The status of a container. */
  String status(String id) throws Exception {
    return state(id).requiredString("status");
  }

  /** Waits until a container has this status. */
  void awaitStatus(String id, String status) throws Exception {
    Await.until(id + " is " + status, () -> status(id).equals(status));
  }

  /**
   * Lets a verb fail: with exit status 1, the reason on standard error, and the same as the only
   * record of an error in the log.
   */
  void refuses(String reason, String... arguments) throws Exception {
    Path log = directory.resolve("log-of-call-" + calls.incrementAndGet());
    List<String> all = new ArrayList<>();
    all.add("--log");
    all.add(log.toString());
    all.add("--log-format");
    all.add("json");
    all.addAll(List.of(arguments));
    Outcome outcome = call(all.toArray(new String[0])).exited(1);
    assertTrue(outcome.err().contains(reason), outcome::toString);
    assertEquals("", outcome.out());
    List<String> errors = new ArrayList<>();
    for (String line : Files.readAllLines(log)) {
      JsonCursor entry = Json.read(line);
      if (entry.requiredString("level").equals("error")) {
        List<String> keys = new ArrayList<>(entry.asObject().members().keySet());
        // runc adds with --debug where it was in its source.
        keys.removeAll(List.of("file", "func"));
        assertEquals(List.of("level", "msg", "time"), keys);
        assertTrue(
            entry
                .requiredString("time")
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(Z|[+-]\\d\\d:\\d\\d)"),
            line);
        errors.add(entry.requiredString("msg"));
      }
    }
    assertEquals(1, errors.size(), errors::toString);
    assertTrue(errors.get(0).contains(reason), errors::toString);
  }

  static String text(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file, StandardCharsets.UTF_8) : "";
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
