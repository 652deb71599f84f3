package dev.limpid.vm.layer;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Who uses and who makes an image at this moment: two bytes for each in one file, which are locked.
 * The kernel frees the locks of a process that dies; nothing is left that somebody would have to
 * judge by its age. The file is never removed: a lock on a removed one keeps nobody out.
 *
 * <p>The locks are the process's, so a process has only one of these for a store at a time.
 */
final class LayerLocks implements Closeable {
  private static final String NAME = "lock";

  private final FileChannel channel;
  private final Map<String, FileLock> used = new HashMap<>();

  private LayerLocks(FileChannel channel) {
    this.channel = channel;
  }

  /** Opens the file; it and the store's folder are made if they aren't there. */
  static LayerLocks open(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    return new LayerLocks(
        FileChannel.open(
            folder.resolve(NAME),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE));
  }

  /** Keeps an image, whether there is one yet or not, from being removed until this is closed. */
  void use(String uuid) throws IOException {
    if (!used.containsKey(uuid)) {
      used.put(uuid, channel.lock(place(uuid), 1, true));
    }
  }

  /** Takes an image that nobody uses; empty if somebody does, or may want to right now. */
  Optional<FileLock> tryRemoving(String uuid) throws IOException {
    return tryLock(place(uuid));
  }

  /** Waits until nobody else makes the image, and keeps others from it. */
  FileLock making(String uuid) throws IOException {
    return channel.lock(place(uuid) + 1, 1, false);
  }

  /** The same without waiting; empty if somebody makes it. */
  Optional<FileLock> tryMaking(String uuid) throws IOException {
    return tryLock(place(uuid) + 1);
  }

  private Optional<FileLock> tryLock(long place) throws IOException {
    try {
      return Optional.ofNullable(channel.tryLock(place, 1, false));
    } catch (OverlappingFileLockException ours) {
      return Optional.empty();
    }
  }

  /** Two images with the same place would wait for each other, and nothing worse. */
  private static long place(String uuid) {
    long high = Long.parseUnsignedLong(uuid.substring(0, 8) + uuid.substring(9, 13), 16);
    long low = Long.parseUnsignedLong(uuid.substring(14, 17), 16);
    return (high << 12 | low) << 1;
  }

  /** Frees all locks. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
