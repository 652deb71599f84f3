package dev.limpid.vm.layer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Makes an image in a store: aside, to the disk, and only then under its name. */
final class LayerBuild {
  private static final long MIB = 1L << 20;

  /** Holes are read, block by block, though they are not written. */
  private static final long HOLES_MAX = 16L << 30;

  private final Path store;
  private final LayerFolder folder;
  private final LayerLocks locks;
  private final Path shim;
  private final LayerBounds bounds;
  private final LayerProgress progress;

  LayerBuild(Path store, LayerLocks locks, Path shim, LayerBounds bounds, LayerProgress progress) {
    this.store = store;
    this.folder = new LayerFolder(store);
    this.locks = locks;
    this.shim = shim;
    this.bounds = bounds;
    this.progress = progress;
  }

  /**
   * Makes one, unless somebody else has by now.
   *
   * @throws RefusedLayerException if there is something in the layer that an image can't hold
   * @throws IOException naming what has failed
   */
  @SuppressWarnings("try") // The lock is held, not used.
  void make(LayerSource source) throws IOException {
    Path image = folder.image(source.uuid());
    try (FileLock making = locks.making(source.uuid())) {
      if (Files.exists(image)) {
        return;
      }
      folder.removeLeftoversOf(source.uuid());
      folder.removeLeftovers(locks);
      LayerSurvey survey = survey(source, shim, bounds);
      makeRoom(source, survey);
      long number = System.nanoTime();
      Path aside = folder.aside(source.uuid(), "image", number);
      Path work = folder.aside(source.uuid(), "merge", number);
      Path record = folder.aside(source.uuid(), "record", number);
      try {
        write(source, survey, aside, work, record);
        // The record first: an image that is there has one.
        Files.move(record, folder.record(source.uuid()), StandardCopyOption.ATOMIC_MOVE);
        Files.move(aside, image, StandardCopyOption.ATOMIC_MOVE);
        folder.sync();
      } catch (IOException failed) {
        throw FullStoreException.isMeantBy(failed) ? full(source, survey, failed) : failed;
      } finally {
        for (Path left : List.of(aside, work, record)) {
          LayerFolder.remove(left);
        }
      }
    }
  }

  /**
   * Looks through a source.
   *
   * @throws RefusedLayerException if no image is to be made of it
   */
  static LayerSurvey survey(LayerSource source, Path shim, LayerBounds bounds) throws IOException {
    LayerSurvey survey = LayerSurvey.of(source, shim);
    if (survey.content() > bounds.vmBytes()) {
      throw bounds.refusal(source.name() + " takes", survey.content());
    }
    if (survey.holes() > HOLES_MAX) {
      throw new RefusedLayerException(
          source.name() + ": its files have holes of " + survey.holes() / MIB + " MiB");
    }
    return survey;
  }

  private void write(LayerSource source, LayerSurvey survey, Path aside, Path work, Path record)
      throws IOException {
    long content = new LayerImage(source, survey).write(aside, work, progress);
    if (!source.isUnchanged()) {
      throw new RefusedLayerException(source.name() + ": it has been changed meanwhile");
    }
    long size;
    long checksum;
    try (FileChannel channel =
        FileChannel.open(aside, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      size = channel.size();
      checksum = ImageChecksum.of(channel);
      channel.force(true);
    }
    List<String> names = new ArrayList<>(source.directories().size());
    for (Path directory : source.directories()) {
      names.add(directory.toString());
    }
    new LayerRecord(names, size, content, checksum, Instant.now()).write(record);
  }

  /** Lets images go that nobody uses, if there is not enough room for another one. */
  private void makeRoom(LayerSource source, LayerSurvey survey) throws IOException {
    long keep = Long.MAX_VALUE;
    long bound = folder.bound(bounds.storeBytes());
    long missing = survey.content() - folder.free();
    if (survey.content() > bound || missing > 0 || folder.bytes() > bound - survey.content()) {
      keep = Math.max(0, bound - survey.content());
      if (missing > 0) {
        keep = Math.min(keep, Math.max(0, folder.bytes() - missing));
      }
    }
    if (keep < Long.MAX_VALUE) {
      folder.prune(new LayerPruning(keep, Instant.MAX), locks);
    }
    if (survey.content() > folder.free()) {
      throw full(source, survey, new FullStoreException());
    }
  }

  private IOException full(LayerSource source, LayerSurvey survey, IOException cause)
      throws IOException {
    return new IOException(
        source.name()
            + ": no room for an image of it: that takes about "
            + (survey.content() / MIB + 1)
            + " MiB in "
            + store
            + ", where "
            + folder.free() / MIB
            + " MiB are free and no image is unused: make room there, or name a folder on another"
            + " disk by \"layers\" in the configuration",
        cause);
  }
}
