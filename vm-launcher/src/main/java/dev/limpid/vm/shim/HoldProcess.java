package dev.limpid.vm.shim;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A process that does nothing: it holds a place until another one takes it. It ends with the
 * process that has started it.
 */
public final class HoldProcess {
  private final Process process;

  private HoldProcess(Process process) {
    this.process = process;
  }

  /**
   * Starts one.
   *
   * @param shim the shim's executable; absolute
   * @throws IOException if it can't be executed
   */
  public static HoldProcess start(Path shim) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(shim.toString(), "hold")
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().clear();
    return new HoldProcess(builder.start());
  }

  /** Its process id. */
  public long pid() {
    return process.pid();
  }

  /** Ends it. Nothing happens if it has ended. */
  public void end() {
    process.destroyForcibly();
  }
}
