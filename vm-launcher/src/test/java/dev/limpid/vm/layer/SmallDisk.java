package dev.limpid.vm.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A tmpfs of a few MiB. */
record SmallDisk(Path directory) implements Closeable {
  static SmallDisk mount(Path directory, int mebibytes) throws IOException {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root mounts");
    Files.createDirectory(directory);
    run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "tmpfs", directory.toString());
    return new SmallDisk(directory);
  }

  @Override
  public void close() {
    try {
      run("umount", directory.toString());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static void run(String... command) throws IOException {
    try {
      Process process = new ProcessBuilder(command).inheritIO().start();
      assertEquals(0, process.waitFor(), () -> String.join(" ", command));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(interrupted);
    }
  }
}
