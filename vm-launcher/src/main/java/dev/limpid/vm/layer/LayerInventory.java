package dev.limpid.vm.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is in a store, for the people who look after it. */
public final class LayerInventory {
  private static final int SUPERBLOCK = 1024;
  private static final int SUPERBLOCK_BYTES = 128;
  private static final int MAGIC = 0xe0f5e1e2;
  private static final int BLOCK_BITS_AT = 12;
  private static final int BLOCKS_AT = 36;
  private static final int UUID_AT = 48;
  private static final int BLOCK_BITS_MAX = 16;

  private final Path folder;
  private final LayerFolder files;

  /**
   * Of the store in a folder.
   *
   * @param folder absolute; need not be there
   */
  public LayerInventory(Path folder) {
    this(folder, new LayerFolder(folder));
  }

  LayerInventory(Path folder, LayerFolder files) {
    this.folder = folder;
    this.files = files;
  }

  /**
   * The images, the one that was not used for the longest time first.
   *
   * @throws IOException if the folder can't be read
   */
  public List<StoredLayer> list() throws IOException {
    return files.images();
  }

  /**
   * What images may take together.
   *
   * @param configured bytes; 0 for half of the file system
   */
  public long bound(long configured) throws IOException {
    return Files.isDirectory(folder) ? files.bound(configured) : configured;
  }

  /**
   * Removes images that no VM uses and no verb is about to, and what interrupted builds have left.
   *
   * @return the images that are gone
   */
  public List<StoredLayer> prune(LayerPruning pruning) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (LayerLocks locks = LayerLocks.open(folder)) {
      List<StoredLayer> removed = files.prune(pruning, locks);
      files.removeLeftovers(locks);
      return removed;
    }
  }

  /**
   * Reads every image, and compares it with what was made.
   *
   * @param repair whether those that are damaged are removed, and what interrupted builds have left
   */
  public List<DamagedLayer> verify(boolean repair) throws IOException {
    List<DamagedLayer> damaged = new ArrayList<>();
    if (!Files.isDirectory(folder)) {
      return damaged;
    }
    try (LayerLocks locks = LayerLocks.open(folder)) {
      for (StoredLayer layer : files.images()) {
        Optional<String> reason = problem(layer);
        if (reason.isPresent()) {
          boolean removed = repair && files.removeDamaged(layer, locks);
          damaged.add(new DamagedLayer(layer, reason.get(), removed));
        }
      }
      if (repair) {
        files.removeLeftovers(locks);
      }
    }
    return damaged;
  }

  private static Optional<String> problem(StoredLayer layer) {
    try (FileChannel channel = FileChannel.open(layer.image())) {
      ByteBuffer superblock = ByteBuffer.allocate(SUPERBLOCK_BYTES);
      channel.read(superblock, SUPERBLOCK);
      Optional<String> wrong = wrongSuperblock(superblock, layer);
      if (wrong.isPresent()) {
        return wrong;
      }
      if (layer.record().isEmpty()) {
        return Optional.of("the record of what was made is missing or can't be read");
      }
      LayerRecord record = layer.record().get();
      if (record.size() != channel.size()) {
        return Optional.of(
            "it has " + channel.size() + " bytes, and was made with " + record.size());
      }
      return ImageChecksum.of(channel) == record.checksum()
          ? Optional.empty()
          : Optional.of("its checksum is not that of what was made");
    } catch (NoSuchFileException removedMeanwhile) {
      return Optional.empty();
    } catch (IOException failed) {
      return Optional.of("it can't be read: " + failed.getMessage());
    }
  }

  private static Optional<String> wrongSuperblock(ByteBuffer superblock, StoredLayer layer) {
    if (superblock.hasRemaining()) {
      return Optional.of("it is too short for an image");
    }
    superblock.order(ByteOrder.LITTLE_ENDIAN);
    if (superblock.getInt(0) != MAGIC) {
      return Optional.of("it is no EROFS image");
    }
    int blockBits = superblock.get(BLOCK_BITS_AT);
    if (blockBits < 0 || blockBits > BLOCK_BITS_MAX) {
      return Optional.of("its superblock makes no sense");
    }
    if ((superblock.getInt(BLOCKS_AT) & 0xffffffffL) << blockBits > layer.size()
        || layer.size() % LayerImage.ALIGNMENT != 0) {
      return Optional.of("it is cut off: it has " + layer.size() + " bytes");
    }
    superblock.order(ByteOrder.BIG_ENDIAN);
    java.util.UUID uuid =
        new java.util.UUID(superblock.getLong(UUID_AT), superblock.getLong(UUID_AT + 8));
    return uuid.toString().equals(layer.uuid())
        ? Optional.empty()
        : Optional.of("it is the image " + uuid);
  }
}
