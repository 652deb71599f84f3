package dev.limpid.caller;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A folder for what a daemon keeps. JUnit's own warns of every symbolic link in an image that it
 * removes.
 */
final class WorkFolder implements AutoCloseable {
  private final Path path;

  WorkFolder() {
    try {
      path = Files.createTempDirectory("limpid-caller");
    } catch (IOException failed) {
      throw new java.io.UncheckedIOException(failed);
    }
  }

  /** A place in it. */
  Path resolve(String name) {
    return path.resolve(name);
  }

  Path path() {
    return path;
  }

  @Override
  public void close() {
    new CallerCommand(List.of("rm"), Map.of())
        .run("-rf", "--one-file-system", path.toString())
        .ok();
  }
}
