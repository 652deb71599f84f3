package dev.limpid.vm.layer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The files of a store, for those who keep it in order. */
final class LayerFolder {
  static final String IMAGE_SUFFIX = ".erofs";
  private static final String RECORD_SUFFIX = ".json";
  private static final String ASIDE_SUFFIX = ".tmp";
  private static final int UUID_LENGTH = 36;

  private final Path folder;
  private final Path proc;

  LayerFolder(Path folder) {
    this(folder, Path.of("/proc"));
  }

  LayerFolder(Path folder, Path proc) {
    this.folder = folder;
    this.proc = proc;
  }

  Path image(String uuid) {
    return folder.resolve(uuid + IMAGE_SUFFIX);
  }

  Path record(String uuid) {
    return folder.resolve(uuid + RECORD_SUFFIX);
  }

  /** Names that nobody else uses, for what is not whole yet. */
  Path aside(String uuid, String kind, long number) {
    return folder.resolve(
        uuid
            + "."
            + kind
            + "-"
            + ProcessHandle.current().pid()
            + "-"
            + Long.toHexString(number)
            + ASIDE_SUFFIX);
  }

  /** The images, the one that was not used for the longest time first. */
  List<StoredLayer> images() throws IOException {
    return images(LayerUsers.of(proc));
  }

  private List<StoredLayer> images(LayerUsers users) throws IOException {
    List<StoredLayer> images = new ArrayList<>();
    for (Path file : files(IMAGE_SUFFIX)) {
      String uuid = uuid(file);
      try {
        images.add(
            new StoredLayer(
                uuid,
                file,
                Files.size(file),
                Files.getLastModifiedTime(file).toInstant(),
                recordOf(uuid),
                users.of(uuid)));
      } catch (NoSuchFileException removedMeanwhile) {
        // It is no image of this store any more.
      }
    }
    images.sort(Comparator.comparing(StoredLayer::lastUsed).thenComparing(StoredLayer::uuid));
    return images;
  }

  private Optional<LayerRecord> recordOf(String uuid) {
    try {
      return Optional.of(LayerRecord.read(record(uuid)));
    } catch (IOException lost) {
      return Optional.empty();
    }
  }

  private List<Path> files(String suffix) throws IOException {
    List<Path> files = new ArrayList<>();
    if (!Files.isDirectory(folder)) {
      return files;
    }
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path file : all) {
        String name = file.getFileName().toString();
        if (name.endsWith(suffix) && name.length() > UUID_LENGTH && isUuid(uuid(file))) {
          files.add(file);
        }
      }
    }
    return files;
  }

  private static String uuid(Path file) {
    return file.getFileName().toString().substring(0, UUID_LENGTH);
  }

  private static boolean isUuid(String text) {
    for (int i = 0; i < UUID_LENGTH; i++) {
      char c = text.charAt(i);
      boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
      boolean hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
      if (dash ? c != '-' : !hex) {
        return false;
      }
    }
    return true;
  }

  /** Removes what builders that have died have left: nobody makes that image now. */
  void removeLeftovers(LayerLocks locks) throws IOException {
    List<Path> suspects = files(ASIDE_SUFFIX);
    for (Path record : files(RECORD_SUFFIX)) {
      if (!Files.exists(image(uuid(record)))) {
        suspects.add(record);
      }
    }
    for (Path file : suspects) {
      Optional<FileLock> lock = locks.tryMaking(uuid(file));
      if (lock.isPresent()) {
        try {
          // It may have been finished since.
          if (!file.toString().endsWith(RECORD_SUFFIX) || !Files.exists(image(uuid(file)))) {
            remove(file);
          }
        } finally {
          lock.get().release();
        }
      }
    }
  }

  /** The same for what this process has left of one image, or another has: this one makes it. */
  void removeLeftoversOf(String uuid) throws IOException {
    for (Path file : files(ASIDE_SUFFIX)) {
      if (uuid(file).equals(uuid)) {
        remove(file);
      }
    }
  }

  /** A file, or the folder in which directories were merged. */
  static void remove(Path file) throws IOException {
    if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
      try (DirectoryStream<Path> links = Files.newDirectoryStream(file)) {
        for (Path link : links) {
          Files.delete(link);
        }
      }
    }
    Files.deleteIfExists(file);
  }

  /**
   * Removes images that nobody uses.
   *
   * @return those that were removed
   */
  List<StoredLayer> prune(LayerPruning pruning, LayerLocks locks) throws IOException {
    Map<String, FileLock> ours = new HashMap<>();
    try {
      for (Path file : files(IMAGE_SUFFIX)) {
        Optional<FileLock> lock = locks.tryRemoving(uuid(file));
        if (lock.isPresent()) {
          ours.put(uuid(file), lock.get());
        }
      }
      // Whoever has used one until it was locked has a VM by now that has it mapped.
      List<StoredLayer> images = images();
      long total = 0;
      for (StoredLayer image : images) {
        total += image.bytesOnDisk();
      }
      List<StoredLayer> removed = new ArrayList<>();
      for (StoredLayer image : images) {
        boolean free = image.users().isEmpty() && ours.containsKey(image.uuid());
        if (free
            && total > pruning.keepBytes()
            && image.lastUsed().isBefore(pruning.usedBefore())) {
          remove(image);
          total -= image.bytesOnDisk();
          removed.add(image);
        }
      }
      return removed;
    } finally {
      for (FileLock lock : ours.values()) {
        lock.release();
      }
    }
  }

  /**
   * Removes an image that is not sound, unless a verb is about to use it. VMs keep what they have
   * mapped, and the next one is to have another.
   */
  boolean removeDamaged(StoredLayer image, LayerLocks locks) throws IOException {
    Optional<FileLock> lock = locks.tryRemoving(image.uuid());
    if (lock.isEmpty()) {
      return false;
    }
    try {
      remove(image);
      return true;
    } finally {
      lock.get().release();
    }
  }

  private void remove(StoredLayer image) throws IOException {
    // A record without an image is a leftover, an image without a record would be damaged.
    Files.deleteIfExists(image.image());
    Files.deleteIfExists(record(image.uuid()));
  }

  /** What all images take. */
  long bytes() throws IOException {
    long total = 0;
    for (StoredLayer image : images(LayerUsers.unknown())) {
      total += image.bytesOnDisk();
    }
    return total;
  }

  /** How much of the disk images may take: what is configured, or half of it. */
  long bound(long configured) throws IOException {
    return configured > 0 ? configured : Files.getFileStore(folder).getTotalSpace() / 2;
  }

  long free() throws IOException {
    FileStore disk = Files.getFileStore(folder);
    return disk.getUsableSpace();
  }

  /** Has the names in the folder written to the disk. */
  void sync() throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Notes that an image is used now. */
  static void touch(Path image) throws IOException {
    Files.setLastModifiedTime(image, java.nio.file.attribute.FileTime.from(Instant.now()));
  }
}
