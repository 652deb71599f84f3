package dev.limpid.vm.shim;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A shim that this process has started. It goes on when this process ends. */
public final class ShimProcess {
  private final Process process;

  private ShimProcess(Process process) {
    this.process = process;
  }

  /** What a shim stands for. */
  public enum Role {
    /** A container and its VM. */
    RUN("run"),
    /** A container in a VM that another shim stands for. */
    JOIN("join"),
    /** A process in a container that another shim stands for. */
    EXEC("exec");

    private final String command;

    Role(String command) {
      this.command = command;
    }
  }

  /** What the shim gets as its standard streams. */
  public enum Streams {
    /** Those of this process: they are the container's. */
    INHERITED,
    /** None: the container has a terminal that goes over a socket. */
    NONE
  }

  /**
   * Starts a shim.
   *
   * @param shim the executable; absolute
   * @param role what it shall stand for
   * @param plan the file of its plan
   * @param streams its standard streams
   * @throws IOException if it can't be executed
   */
  public static ShimProcess start(Path shim, Role role, Path plan, Streams streams)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(shim.toString(), role.command, plan.toString());
    builder.environment().clear();
    switch (streams) {
      case INHERITED -> builder.inheritIO();
      case NONE -> {
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
      }
    }
    return new ShimProcess(builder.start());
  }

  /** Its process id: that of the container, for the host. */
  public long pid() {
    return process.pid();
  }

  /** Whether it runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Sends SIGTERM: before the container is on its own, it ends the launch. */
  public void terminate() {
    process.destroy();
  }

  /**
   * Ends it, and what it has started: before the container is on its own, it does that in order if
   * it is asked to.
   *
   * @param patience how long it may take; it is killed then
   * @throws IOException if this thread is interrupted
   */
  public void end(Duration patience) throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while limpid-shim ends", interrupted);
    }
  }

  /**
   * Waits for its end.
   *
   * @return its exit status: the workload's
   * @throws InterruptedException if this thread is interrupted
   */
  public int await() throws InterruptedException {
    return process.waitFor();
  }
}
