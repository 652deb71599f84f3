package dev.limpid.caller;

import java.io.IOException;
import java.nio.file.DirectoryStream;
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

  /** Removes control groups of its name, below which daemons have put those of containers. */
  void removeControlGroups() throws IOException {
    Path name = path.getFileName();
    try (DirectoryStream<Path> hierarchies =
        Files.newDirectoryStream(Path.of("/sys/fs/cgroup"), Files::isDirectory)) {
      for (Path hierarchy : hierarchies) {
        Files.deleteIfExists(hierarchy.resolve(name));
      }
    }
    Files.deleteIfExists(Path.of("/sys/fs/cgroup").resolve(name));
  }

  @Override
  public void close() {
    new CallerCommand(List.of("rm"), Map.of())
        .run("-rf", "--one-file-system", path.toString())
        .ok();
  }
}
