package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A program that does something to a volume, and goes on until its input ends. */
final class VolumePeer {
  private final Process process;
  private final Path output;

  private VolumePeer(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  static VolumePeer start(Sandbox sandbox, ProcessBuilder builder) throws Exception {
    Path output = sandbox.path("peer");
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    return new VolumePeer(sandbox.start(builder), output);
  }

  /** Waits until it has written this, and nothing else. */
  VolumePeer says(String text) throws Exception {
    Await.until(
        "it says \"" + text + "\"",
        () -> {
          String said = OciRuntime.text(output);
          assertTrue(text.startsWith(said), said);
          return said.equals(text);
        });
    return this;
  }

  /** Whether it has not ended yet. */
  boolean isAlive() {
    return process.isAlive();
  }

  /** Lets it end, if it does not by itself, and waits for that. */
  void end() throws Exception {
    process.getOutputStream().close();
    assertTrue(process.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), () -> OciRuntime.text(output));
  }
}
