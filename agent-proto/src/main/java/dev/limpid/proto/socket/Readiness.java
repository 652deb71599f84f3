package dev.limpid.proto.socket;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/** Waits until one channel can go on. Made only when there is something to wait for. */
final class Readiness implements AutoCloseable {
  private final Selector selector;
  private final SelectionKey key;

  /** Waits for a channel that is in non-blocking mode. */
  Readiness(SelectableChannel channel) throws IOException {
    selector = Selector.open();
    key = channel.register(selector, 0);
  }

  /**
   * Waits for a time, or less.
   *
   * @param operation one of the operations of {@link SelectionKey}
   * @param millis at least 1
   * @throws InterruptedIOException if the thread is interrupted; its flag stays set
   */
  void await(int operation, long millis) throws IOException {
    key.interestOps(operation);
    selector.select(millis);
    selector.selectedKeys().clear();
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted");
    }
  }

  @Override
  public void close() throws IOException {
    selector.close();
  }
}
