package dev.limpid.engine.container;

import dev.limpid.engine.EngineException;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a container ended, as its shim wrote it to the file {@code exit}.
 *
 * @param text the file's text: {@code exited N}, {@code signaled N}, or {@code vm-died} and what is
 *     known of the reason
 */
public record ExitRecord(String text) {
  private static final int MAX_BYTES = 64 << 10;
  private static final String VM_DIED = "vm-died";

  /** What the shim wrote, empty as long as the workload has not ended. */
  static Optional<ExitRecord> read(Path file) {
    if (Files.notExists(file)) {
      return Optional.empty();
    }
    // Unlike Files, it makes no channel, the first of which takes milliseconds.
    try (var in = new FileInputStream(file.toFile())) {
      return Optional.of(
          new ExitRecord(new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8)));
    } catch (IOException failed) {
      if (Files.notExists(file)) {
        // Somebody deletes the container.
        return Optional.empty();
      }
      throw new EngineException(file + ": " + failed.getMessage(), failed);
    }
  }

  /** Whether the virtual machine died under the workload. */
  public boolean vmDied() {
    return text.startsWith(VM_DIED);
  }

  /** What is known of the reason, if the virtual machine died. */
  public String diagnosis() {
    return vmDied() ? text.substring(VM_DIED.length()).strip() : "";
  }
}
