package dev.limpid.vm.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Makes EROFS images, without compression: their pages are mapped as they are (DAX). */
final class LayerImage {
  /** virtio-pmem devices are made of whole huge pages. */
  private static final long ALIGNMENT = 2L << 20;

  private static final int MAX_OUTPUT = 4096;

  private LayerImage() {}

  /**
   * Makes an image of a directory aside, and puts it in its place once it is whole.
   *
   * @param directory what to make it of
   * @param image the image; a file beside it, {@code image.tmp}, is used meanwhile
   * @param uuid the image's UUID
   * @throws IOException naming the directory and what mkfs.erofs said
   */
  static Layer make(Path directory, Path image, String uuid) throws IOException {
    Path aside = image.resolveSibling(image.getFileName() + ".tmp");
    boolean done = false;
    try {
      Files.deleteIfExists(aside);
      run(directory, aside, uuid);
      align(aside);
      Files.move(aside, image, StandardCopyOption.ATOMIC_MOVE);
      done = true;
      return new Layer(image, uuid, Files.size(image));
    } finally {
      if (!done) {
        Files.deleteIfExists(aside);
      }
    }
  }

  private static void run(Path directory, Path aside, String uuid) throws IOException {
    List<String> command =
        List.of(
            // A verb that is killed takes this with it.
            "setpriv",
            "--pdeathsig",
            "KILL",
            "--",
            "mkfs.erofs",
            "--quiet",
            "--preserve-mtime",
            "-E",
            "noinline_data",
            "-U",
            uuid,
            aside.toString(),
            directory.toString());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().clear();
    builder
        .environment()
        .put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    builder.environment().put("LC_ALL", "C");
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      byte[] output = process.getInputStream().readNBytes(MAX_OUTPUT);
      process.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
      int status = process.waitFor();
      if (status != 0) {
        throw new IOException(
            directory
                + ": no image can be made of this layer: mkfs.erofs: exit status "
                + status
                + ": "
                + new String(output, StandardCharsets.UTF_8).strip());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(directory + ": interrupted", interrupted);
    } finally {
      process.destroyForcibly();
    }
  }

  private static void align(Path aside) throws IOException {
    try (FileChannel channel = FileChannel.open(aside, StandardOpenOption.WRITE)) {
      long size = channel.size();
      long aligned = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
      if (aligned > size) {
        // A hole up to the last byte.
        channel.write(ByteBuffer.allocate(1), aligned - 1);
      }
      channel.force(false);
    }
  }
}
