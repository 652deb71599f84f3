package dev.limpid.vm.rootfs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;

/**
 * The disk of an upper layer: a file beside the host's upper directory. As long as it is there and
 * what is on it has not been brought back, it counts, and not what is in the upper directory.
 *
 * @param file the file; the host's kernel never mounts it, because a guest has written it
 * @param aside the folder beside the upper directory in which the guest makes what it brings back,
 *     and where it says that all has been brought back
 * @param reused whether the file was there before this container, and counted: it has on it what
 *     another run of the same container has left
 */
public record UpperDisk(Path file, Path aside, boolean reused) {
  private static final String FILE_PREFIX = ".limpid-disk-";
  private static final String ASIDE_PREFIX = ".limpid-back-";
  private static final String RETURNED = "returned";
  private static final String OWNER_PREFIX = ".limpid-owner-";

  /** Each of the names that are made of it has a prefix, the longest while the file is made. */
  private static final int NAME_BYTES_MAX =
      255 - (FileSystemImage.TEMPORARY_PREFIX + FILE_PREFIX).length();

  /**
   * That of an upper directory. Its name does not depend on the container, so that the next one
   * with the same upper directory finds it.
   *
   * @param upper absolute
   */
  public static UpperDisk of(Path upper) {
    String name = upper.getFileName().toString();
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > NAME_BYTES_MAX) {
      name = UUID.nameUUIDFromBytes(bytes).toString();
    }
    Path file = upper.resolveSibling(FILE_PREFIX + name);
    Path aside = upper.resolveSibling(ASIDE_PREFIX + name);
    return new UpperDisk(file, aside, exists(file) && !isReturned(aside));
  }

  /** Whether the upper directory has all that is on it. */
  public boolean isReturned() {
    return !exists(file) || isReturned(aside);
  }

  /**
   * Makes it a container's. The one that had it before may still be known somewhere, and be deleted
   * at any time.
   *
   * @param container the container's directory
   * @throws IOException if that can't be kept
   */
  void claim(Path container) throws IOException {
    Files.deleteIfExists(owner());
    Files.createFile(
        owner(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    // Whoever asks may know it by a path that leads over other links.
    Files.writeString(owner(), container.toRealPath().toString());
  }

  /**
   * Whether another container has made it its own, and is still there.
   *
   * @param container the directory of the one that may have it
   * @throws IOException if that can't be told
   */
  public boolean isOfAnother(Path container) throws IOException {
    if (!exists(owner())) {
      return false;
    }
    String owner = Files.readString(owner());
    return !owner.isEmpty()
        && !owner.equals(container.toRealPath().toString())
        && exists(Path.of(owner));
  }

  /** A file that no guest can write to. */
  private Path owner() {
    String name = file.getFileName().toString().substring(FILE_PREFIX.length());
    return file.resolveSibling(OWNER_PREFIX + name);
  }

  /**
   * Removes the file, and what is left of one that was being made.
   *
   * @throws IOException if it can't be removed
   */
  public void removeFile() throws IOException {
    Files.deleteIfExists(file);
    Files.deleteIfExists(FileSystemImage.temporary(file));
    Files.deleteIfExists(owner());
  }

  /** What the guest says there is about its own data only. */
  private static boolean isReturned(Path aside) {
    return Files.isRegularFile(aside.resolve(RETURNED), LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean exists(Path file) {
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }
}
