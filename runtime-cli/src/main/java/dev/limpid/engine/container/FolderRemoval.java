package dev.limpid.engine.container;

import dev.limpid.engine.EngineException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Removes a folder with all that is in it. Symbolic links are removed, never followed. */
public final class FolderRemoval {
  private FolderRemoval() {}

  /**
   * Removes it; nothing happens if it does not exist.
   *
   * @throws EngineException naming what could not be removed
   */
  public static void remove(Path folder) {
    try {
      removeTree(folder);
    } catch (IOException failed) {
      throw new EngineException(folder + ": cannot remove: " + failed, failed);
    }
  }

  private static void removeTree(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
        for (Path entry : entries) {
          removeTree(entry);
        }
      } catch (NoSuchFileException gone) {
        return;
      }
    }
    try {
      Files.deleteIfExists(path);
    } catch (DirectoryNotEmptyException grown) {
      // Somebody who was just ending wrote one more file; once more is enough, or it is a failure.
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
        for (Path entry : entries) {
          removeTree(entry);
        }
      }
      Files.deleteIfExists(path);
    }
  }
}
