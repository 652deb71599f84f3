package dev.limpid.vm.layer;

import dev.limpid.vm.tool.ToolProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Makes EROFS images, without compression: their pages are mapped as they are (DAX). */
final class LayerImage {
  /** virtio-pmem devices are made of whole huge pages. */
  static final long ALIGNMENT = 2L << 20;

  /** More in holes than this is worth the slower way of mkfs.erofs that does not write them out. */
  private static final long HOLES_MIN = 16L << 20;

  /** What a file is cut into on that way. */
  private static final int CHUNK = 64 << 10;

  private static final long PROGRESS_MIN = 200_000_000;

  private static final int MAX_OUTPUT = 4096;

  /** Exit statuses of those that start mkfs.erofs and find none; more than 128 is a signal. */
  private static final int NOT_STARTED = 126;

  /**
   * In a mount namespace of its own: $1 is a folder with the directories as symbolic links, in
   * which the mount is made; $2 its options; the rest is what to run on it.
   */
  private static final String MERGE =
      "mount -t overlay -o \"$1\" overlay merged || exit 125; shift; exec \"$@\"";

  private static final int NOT_MOUNTED = 125;

  private final LayerSource source;
  private final LayerSurvey survey;

  LayerImage(LayerSource source, LayerSurvey survey) {
    this.source = source;
    this.survey = survey;
  }

  /**
   * Writes an image, and nothing beside it, to a file. It may not be on the disk yet when this is
   * done.
   *
   * @param file does not exist yet; is left as it is if this fails
   * @param work a folder that does not exist yet; used, and left, if the source is merged
   * @return how many bytes there are in it; the file is longer, by a hole, to be a multiple of 2
   *     MiB
   * @throws RefusedLayerException if there is something that mkfs.erofs can't write
   * @throws FullStoreException if the disk is full
   * @throws IOException naming the directory and what mkfs.erofs said
   */
  long write(Path file, Path work, LayerProgress progress) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of("mkfs.erofs", "--quiet", "--preserve-mtime", "-E", "noinline_data"));
    if (survey.holes() > HOLES_MIN) {
      command.add("--chunksize=" + CHUNK);
    }
    command.addAll(List.of("-U", source.uuid(), file.toString()));
    if (source.isMerged()) {
      command.add(work.resolve("merged").toString());
      run(merging(command, work), work, file, progress);
    } else {
      command.add(source.name().toString());
      run(command, Path.of("/"), file, progress);
    }
    return align(file);
  }

  private List<String> merging(List<String> command, Path work) throws IOException {
    Files.createDirectory(work);
    Files.createDirectory(work.resolve("merged"));
    // Paths of many directories are more than mount(2) takes.
    StringBuilder options = new StringBuilder("ro,lowerdir=");
    for (int i = 0; i < source.directories().size(); i++) {
      Files.createSymbolicLink(work.resolve(Integer.toString(i)), source.directories().get(i));
      options.append(i == 0 ? "" : ":").append(i);
    }
    if (!source.options().isEmpty()) {
      options.append(',').append(source.options());
    }
    List<String> all =
        new ArrayList<>(
            List.of("unshare", "--mount", "--propagation", "private", "sh", "-c", MERGE, "sh"));
    all.add(options.toString());
    all.addAll(command);
    return all;
  }

  private void run(List<String> command, Path folder, Path file, LayerProgress progress)
      throws IOException {
    ToolProcess process = ToolProcess.start(command, folder);
    ToolProcess.Ended ended;
    long expected = survey.holes() > HOLES_MIN ? survey.content() : survey.bytes();
    if (expected > PROGRESS_MIN) {
      try {
        ended =
            process.toEnd(
                MAX_OUTPUT,
                () ->
                    progress.made(
                        source.name(), Files.exists(file) ? Files.size(file) : 0, expected));
      } finally {
        progress.done();
      }
    } else {
      ended = process.toEnd(MAX_OUTPUT);
    }
    if (ended.status() != 0) {
      throw failure(ended);
    }
  }

  private IOException failure(ToolProcess.Ended ended) {
    String said = ended.output();
    if (said.contains("[Error 28]") || said.contains("No space left")) {
      return new FullStoreException();
    }
    String message =
        source.name()
            + ": no image can be made of this layer: "
            + (ended.status() == NOT_MOUNTED ? "mount" : "mkfs.erofs")
            + ": exit status "
            + ended.status()
            + ": "
            + said;
    return ended.status() < NOT_STARTED
        ? new RefusedLayerException(message)
        : new IOException(message);
  }

  private static long align(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      long size = channel.size();
      long aligned = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
      if (aligned > size) {
        // A hole up to the last byte.
        channel.write(ByteBuffer.allocate(1), aligned - 1);
      }
      return size;
    } catch (IOException failed) {
      throw FullStoreException.isMeantBy(failed) ? new FullStoreException() : failed;
    }
  }
}
