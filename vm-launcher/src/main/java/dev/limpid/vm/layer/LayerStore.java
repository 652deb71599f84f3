package dev.limpid.vm.layer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The images of layers, one file each: {@code <uuid>.erofs}. A file of that name is always whole;
 * of several verbs that need the same layer at once, one makes it and the others wait.
 */
public final class LayerStore {
  /** Docker's own mount points for one container lie in a layer of this name; no other has it. */
  private static final String PER_CONTAINER_SUFFIX = "-init";

  private final Path folder;

  /**
   * A store.
   *
   * @param folder absolute; made when the first layer is
   */
  public LayerStore(Path folder) {
    this.folder = folder;
  }

  /**
   * The image of a lower directory, made if there is none yet.
   *
   * @param directory absolute, without symbolic links
   * @param container the container's own folder, for what no other container can use
   * @throws IOException naming the directory, if no image can be made
   */
  public Layer layer(Path directory, Path container) throws IOException {
    String uuid = LayerIdentity.of(directory);
    if (isForOneContainer(directory)) {
      return LayerImage.make(directory, container.resolve(uuid + ".erofs"), uuid);
    }
    Path image = folder.resolve(uuid + ".erofs");
    if (Files.exists(image)) {
      return new Layer(image, uuid, Files.size(image));
    }
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    // A file's lock keeps other processes out, not other threads.
    synchronized (LayerStore.class) {
      return makeUnderLock(directory, image, uuid);
    }
  }

  @SuppressWarnings("try") // The lock is held, not used.
  private Layer makeUnderLock(Path directory, Path image, String uuid) throws IOException {
    Path lockFile = folder.resolve(uuid + ".lock");
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      Layer layer =
          Files.exists(image)
              ? new Layer(image, uuid, Files.size(image))
              : LayerImage.make(directory, image, uuid);
      // Who waits for the lock finds the image; who comes later does not get this far.
      Files.deleteIfExists(lockFile);
      return layer;
    }
  }

  private static boolean isForOneContainer(Path directory) {
    Path owner = directory.getParent();
    return owner != null
        && owner.getFileName() != null
        && owner.getFileName().toString().endsWith(PER_CONTAINER_SUFFIX)
        && LayerIdentity.isOfAnEngine(directory);
  }
}
