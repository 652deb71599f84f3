package dev.limpid.engine.container;

import dev.limpid.engine.EngineException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Removes a folder with all that is in it. Symbolic links are removed, never followed. */
public final class FolderRemoval {
  private static final String MOVED_PREFIX = ".limpid-removed-";

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

  private static void removeTree(Path folder) throws IOException {
    if (!isFolder(folder)) {
      Files.deleteIfExists(folder);
      return;
    }
    try {
      empty(folder);
      Files.deleteIfExists(folder);
    } catch (DirectoryNotEmptyException grown) {
      // Somebody who was just ending wrote one more file; once more is enough, or it is a failure.
      empty(folder);
      Files.deleteIfExists(folder);
    }
  }

  /**
   * Removes what is in a folder. A guest may have made folders within each other until neither a
   * path nor a stack could hold them, so those of the second level are moved to the first.
   */
  private static void empty(Path folder) throws IOException {
    Deque<Path> left = new ArrayDeque<>(subfoldersWithoutFiles(folder));
    long number = 0;
    while (!left.isEmpty()) {
      Path subfolder = left.pop();
      for (Path below : subfoldersWithoutFiles(subfolder)) {
        Path up = folder.resolve(MOVED_PREFIX + number++);
        while (Files.exists(up, LinkOption.NOFOLLOW_LINKS)) {
          up = folder.resolve(MOVED_PREFIX + number++);
        }
        Files.move(below, up, StandardCopyOption.ATOMIC_MOVE);
        left.push(up);
      }
      Files.deleteIfExists(subfolder);
    }
  }

  /** Removes what is no folder, and tells what else there is. */
  private static List<Path> subfoldersWithoutFiles(Path folder) throws IOException {
    List<Path> subfolders = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (isFolder(entry)) {
          subfolders.add(entry);
        } else {
          Files.deleteIfExists(entry);
        }
      }
    } catch (NoSuchFileException gone) {
      return List.of();
    }
    return subfolders;
  }

  private static boolean isFolder(Path path) {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }
}
