package dev.limpid.vm.layer;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The images of layers, one file each: {@code <uuid>.erofs}. A file of that name is always whole;
 * of several verbs that need the same layer at once, one makes it and the others wait. What this
 * has given out stays there until it is closed, and from then on as long as a VM has it mapped.
 */
public final class LayerStore implements Closeable {
  /**
   * How many layers get an image of their own at most. Every device takes a VM some 15 ms to start
   * with, and more the more there are; so of an overlay with more layers, the lowest become one
   * image, by multiples of this: images that are built on each other mostly share it.
   */
  static final int GROUP = 32;

  /** Docker's own mount points for one container lie in a layer of this name; no other has it. */
  private static final String PER_CONTAINER_SUFFIX = "-init";

  private final Path folder;
  private final Path shim;
  private final LayerBounds bounds;
  private final LayerProgress progress;
  private Optional<LayerLocks> locks = Optional.empty();

  /**
   * A store.
   *
   * @param folder absolute; made when the first layer is
   * @param shim the shim's executable, which looks through layers
   * @param bounds how large images may become
   * @param progress told how far a large image is
   */
  public LayerStore(Path folder, Path shim, LayerBounds bounds, LayerProgress progress) {
    this.folder = folder;
    this.shim = shim;
    this.bounds = bounds;
    this.progress = progress;
  }

  /**
   * The images of an overlay's lower directories, made if there are none yet. There may be fewer of
   * them than directories: the last one may stand for several at the bottom.
   *
   * @param lowers the uppermost first; absolute, without symbolic links
   * @param options the overlay's, which say how the directories are to be read
   * @param container the container's own folder, for what no other container can use
   * @throws RefusedLayerException if there is something in a layer that an image can't hold
   * @throws IOException naming the directory or the store, if an image can't be made
   */
  public List<Layer> images(List<Path> lowers, String options, Path container) throws IOException {
    List<Layer> layers = new ArrayList<>();
    long bytes = 0;
    int single = lowers.size() - merged(lowers.size());
    for (int i = 0; i < single; i++) {
      Path lower = lowers.get(i);
      layers.add(isForOneContainer(lower) ? own(lower, container) : shared(LayerSource.of(lower)));
      bytes += layers.get(i).bytes();
      refuseAbove(bytes);
    }
    if (single < lowers.size()) {
      layers.add(shared(LayerSource.of(lowers.subList(single, lowers.size()), options)));
      bytes += layers.get(single).bytes();
      refuseAbove(bytes);
    }
    return layers;
  }

  /** As soon as it is known, so that no more images are made for nothing. */
  private void refuseAbove(long bytes) throws RefusedLayerException {
    if (bytes > bounds.vmBytes()) {
      throw bounds.refusal("its layers take", bytes);
    }
  }

  /** How many layers of so many are merged. */
  static int merged(int layers) {
    return layers <= GROUP ? 0 : (layers - 1) / GROUP * GROUP;
  }

  private Layer shared(LayerSource source) throws IOException {
    String uuid = source.uuid();
    Path image = folder.resolve(uuid + LayerFolder.IMAGE_SUFFIX);
    try {
      // From here on nobody removes it.
      locks().use(uuid);
      if (!Files.exists(image)) {
        new LayerBuild(folder, locks(), shim, bounds, progress).make(source);
      }
      LayerFolder.touch(image);
      return new Layer(image, uuid, Files.size(image));
    } catch (FileSystemException failed) {
      throw new IOException(source.name() + ": its image: " + failed, failed);
    }
  }

  private LayerLocks locks() throws IOException {
    if (locks.isEmpty()) {
      locks = Optional.of(LayerLocks.open(folder));
    }
    return locks.get();
  }

  private Layer own(Path directory, Path container) throws IOException {
    LayerSource source = LayerSource.of(directory);
    Path image = container.resolve(source.uuid() + LayerFolder.IMAGE_SUFFIX);
    boolean done = false;
    try {
      Files.deleteIfExists(image);
      // Nothing is in it but mount points.
      new LayerImage(source, new LayerSurvey(1, 0)).write(image, container, LayerProgress.NONE);
      done = true;
      return new Layer(image, source.uuid(), Files.size(image));
    } finally {
      if (!done) {
        Files.deleteIfExists(image);
      }
    }
  }

  private static boolean isForOneContainer(Path directory) {
    Path owner = directory.getParent();
    return owner != null
        && owner.getFileName() != null
        && owner.getFileName().toString().endsWith(PER_CONTAINER_SUFFIX)
        && LayerIdentity.isOfAnEngine(directory);
  }

  /** Lets go of the images that no VM has mapped. */
  @Override
  public void close() {
    try {
      if (locks.isPresent()) {
        locks.get().close();
        locks = Optional.empty();
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
