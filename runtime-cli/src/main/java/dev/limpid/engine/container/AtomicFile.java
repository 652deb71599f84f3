package dev.limpid.engine.container;

import dev.limpid.engine.EngineException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes a file so that whoever reads it finds the old text or the new one, also if its writer is
 * killed. It is not brought to the disk, if it is on one: no container outlives its host, and what
 * a crash of that has cut off {@code delete --force} removes unread.
 */
public final class AtomicFile {
  private AtomicFile() {}

  /**
   * Writes aside and renames.
   *
   * @throws EngineException naming the file
   */
  public static void write(Path file, byte[] content) {
    Path aside = file.resolveSibling("." + file.getFileName() + ".new");
    boolean done = false;
    try {
      try (FileChannel channel =
          FileChannel.open(
              aside,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING,
              LinkOption.NOFOLLOW_LINKS)) {
        ByteBuffer buffer = ByteBuffer.wrap(content);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      }
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
      done = true;
    } catch (IOException failed) {
      throw new EngineException(file + ": cannot write: " + failed, failed);
    } finally {
      if (!done) {
        discard(aside);
      }
    }
  }

  /**
   * Removes a file; nothing happens if it does not exist. Unlike {@link FolderRemoval}, it never
   * removes what is in a folder.
   *
   * @throws EngineException naming the file
   */
  public static void remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException failed) {
      throw new EngineException(file + ": cannot remove: " + failed, failed);
    }
  }

  private static void discard(Path aside) {
    try {
      Files.deleteIfExists(aside);
    } catch (IOException stays) {
      // That the file could not be written is what the user has to know.
    }
  }
}
