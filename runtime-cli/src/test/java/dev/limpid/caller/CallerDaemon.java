package dev.limpid.caller;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A daemon in a network and a mount namespace of its own, from its start to its stop. */
final class CallerDaemon implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Process process;
  private final Path log;

  private CallerDaemon(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts one and waits until it answers.
   *
   * @param log where it writes what it has to say
   * @param ready whether it answers
   * @param command the program and its arguments
   */
  static CallerDaemon start(Path log, BooleanSupplier ready, String... command)
      throws IOException, InterruptedException {
    List<String> whole = new ArrayList<>();
    whole.add(CallerCommand.script("in-namespaces"));
    whole.addAll(List.of(command));
    Process process =
        new ProcessBuilder(whole).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    CallerDaemon daemon = new CallerDaemon(process, log);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!ready.getAsBoolean()) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        daemon.close();
        throw new AssertionError(command[0] + " has not come up:\n" + Files.readString(log));
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    return daemon;
  }

  /**
   * Starts a process that does nothing, for its namespaces.
   *
   * @param log where it writes what it has to say
   */
  static CallerDaemon startNamespaces(Path log) throws IOException, InterruptedException {
    CallerDaemon daemon = start(log, () -> true, "sleep", "infinity");
    // The process is there before it has become what it is to be.
    Path name = Path.of("/proc", Long.toString(daemon.pid()), "comm");
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.readString(name).equals("sleep\n")) {
      if (System.nanoTime() > deadline) {
        daemon.close();
        throw new AssertionError("no namespaces:\n" + Files.readString(log));
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
    return daemon;
  }

  long pid() {
    return process.pid();
  }

  /** What it has said so far. */
  String log() throws IOException {
    return Files.readString(log);
  }

  @Override
  public void close() {
    process.destroy();
    boolean stopped = false;
    try {
      stopped = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    if (!stopped) {
      process.destroyForcibly();
      throw new AssertionError("process " + process.pid() + " did not stop when asked to");
    }
  }
}
