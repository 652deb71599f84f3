package dev.limpid.vm.layer;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * An image in the store.
 *
 * @param uuid its name, and what its superblock holds
 * @param image the file
 * @param size its size in bytes
 * @param lastUsed when a container was last made with it
 * @param record what is known of it; empty if that is lost
 * @param users the ids of the containers whose VMs have it mapped now
 */
public record StoredLayer(
    String uuid,
    Path image,
    long size,
    Instant lastUsed,
    Optional<LayerRecord> record,
    List<String> users) {
  /** Copies the list. */
  public StoredLayer {
    users = List.copyOf(users);
  }

  /** What it takes on the disk, in bytes, roughly. */
  public long bytesOnDisk() {
    return record.isPresent() ? Math.min(size, record.get().content()) : size;
  }
}
