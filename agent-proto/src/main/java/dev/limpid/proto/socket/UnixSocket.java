package dev.limpid.proto.socket;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A connected UNIX stream socket whose reads and writes end at a deadline. For one thread at a
 * time.
 */
public final class UnixSocket implements AutoCloseable {
  private static final long RETRY_MILLIS = 5;

  private final SocketChannel channel;
  private Optional<Readiness> readiness = Optional.empty();

  private UnixSocket(SocketChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes over a connected channel, which is closed with this.
   *
   * @throws IOException if it can't be had in non-blocking mode; then it has been closed
   */
  public static UnixSocket of(SocketChannel channel) throws IOException {
    boolean ready = false;
    try {
      channel.configureBlocking(false);
      ready = true;
      return new UnixSocket(channel);
    } finally {
      if (!ready) {
        channel.close();
      }
    }
  }

  /**
   * Connects to a listening socket. The path may be longer than a socket's address can be.
   *
   * @param directory the directory of the socket, absolute
   * @param name the socket's name in it
   * @param deadline when to give up if too many wait before us
   * @throws SocketTimeoutException at the deadline
   * @throws IOException if nobody listens there
   */
  public static UnixSocket connect(Path directory, String name, Deadline deadline)
      throws IOException {
    try (SocketName socket = SocketName.in(directory, name)) {
      while (true) {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        boolean connected = false;
        try {
          channel.configureBlocking(false);
          connected = channel.connect(socket.address());
        } catch (SocketException failed) {
          if (!isBusy(failed, directory.resolve(name))) {
            throw failed;
          }
        } finally {
          if (!connected) {
            channel.close();
          }
        }
        if (connected) {
          return new UnixSocket(channel);
        }
        // The kernel has no event for room in the queue.
        if (deadline.isOver()) {
          throw new SocketTimeoutException("not accepted within " + deadline);
        }
        pause();
      }
    } catch (SocketTimeoutException late) {
      throw late;
    } catch (IOException failed) {
      throw new IOException(
          directory.resolve(name) + ": cannot connect: " + failed.getMessage(), failed);
    }
  }

  /**
   * Reads what is there, at least one byte.
   *
   * @return the number of bytes; -1 if the peer has closed the connection
   * @throws SocketTimeoutException if nothing came before the deadline
   */
  public int read(ByteBuffer buffer, Deadline deadline) throws IOException {
    while (true) {
      int count = channel.read(buffer);
      if (count != 0) {
        return count;
      }
      await(SelectionKey.OP_READ, deadline);
    }
  }

  /**
   * Writes all of the buffer.
   *
   * @throws SocketTimeoutException if the peer has not taken it before the deadline
   */
  public void write(ByteBuffer buffer, Deadline deadline) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.write(buffer) == 0) {
        await(SelectionKey.OP_WRITE, deadline);
      }
    }
  }

  @Override
  public void close() throws IOException {
    try {
      if (readiness.isPresent()) {
        readiness.get().close();
      }
    } finally {
      channel.close();
    }
  }

  private void await(int operation, Deadline deadline) throws IOException {
    if (deadline.isOver()) {
      throw new SocketTimeoutException("nothing within " + deadline);
    }
    if (readiness.isEmpty()) {
      readiness = Optional.of(new Readiness(channel));
    }
    readiness.get().await(operation, deadline.remainingMillis());
  }

  /**
   * Whether the queue of those who wait to be accepted is full (EAGAIN). Java has classes for
   * nobody listens and for not permitted; this is the one error without one that a socket which is
   * there can meet.
   */
  private static boolean isBusy(SocketException failed, Path socket) {
    return failed.getClass() == SocketException.class && Files.exists(socket);
  }

  private static void pause() throws InterruptedIOException {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }
}
