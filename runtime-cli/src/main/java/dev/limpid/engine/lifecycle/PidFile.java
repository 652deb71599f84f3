package dev.limpid.engine.lifecycle;

import dev.limpid.engine.container.AtomicFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The file in which a caller finds the pid of a shim. */
final class PidFile {
  private PidFile() {}

  /**
   * Writes it: digits only, without the end of a line, which is how callers read it.
   *
   * @param rollback told to remove it again
   */
  static void write(Path file, long pid, Rollback rollback) {
    rollback.onFailure("the pid file", () -> AtomicFile.remove(file));
    AtomicFile.write(file, Long.toString(pid).getBytes(StandardCharsets.US_ASCII));
  }
}
