package dev.limpid.engine.container;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;

/** The right to change one container, held until closed. */
public final class ContainerLock implements AutoCloseable {
  private final FileChannel channel;
  private final FileLock lock;

  ContainerLock(FileChannel channel, FileLock lock) {
    this.channel = channel;
    this.lock = lock;
  }

  @Override
  public void close() {
    try {
      if (lock.isValid()) {
        channel.close();
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
