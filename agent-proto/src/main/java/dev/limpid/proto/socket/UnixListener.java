package dev.limpid.proto.socket;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A listening UNIX stream socket; closing it removes its file. For one thread at a time. */
public final class UnixListener implements AutoCloseable {
  /** How soon the death of the peer is noticed, in milliseconds. */
  private static final long ALIVE_MILLIS = 10;

  private final Path path;
  private final ServerSocketChannel channel;

  private UnixListener(Path path, ServerSocketChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Makes the socket, in place of one that a dead process may have left. The path may be longer
   * than a socket's address can be.
   *
   * @param directory the directory of the socket, absolute
   * @param name the socket's name in it
   * @throws IOException if it can't be made
   */
  public static UnixListener open(Path directory, String name) throws IOException {
    Path path = directory.resolve(name);
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    boolean bound = false;
    try (SocketName socket = SocketName.in(directory, name)) {
      Files.deleteIfExists(path);
      channel.bind(socket.address());
      channel.configureBlocking(false);
      bound = true;
      return new UnixListener(path, channel);
    } catch (IOException failed) {
      throw new IOException(path + ": cannot listen: " + failed.getMessage(), failed);
    } finally {
      if (!bound) {
        channel.close();
      }
    }
  }

  /**
   * Waits for a connection.
   *
   * @param deadline when to give up
   * @param peerAlive asked every few milliseconds whether waiting still makes sense
   * @return empty if the peer is dead
   * @throws SocketTimeoutException at the deadline
   */
  public Optional<UnixSocket> accept(Deadline deadline, BooleanSupplier peerAlive)
      throws IOException {
    try (Readiness readiness = new Readiness(channel)) {
      while (true) {
        // Asked before accepting: what it did before it died is still found.
        boolean alive = peerAlive.getAsBoolean();
        SocketChannel accepted = channel.accept();
        if (accepted != null) {
          return Optional.of(UnixSocket.of(accepted));
        }
        if (!alive) {
          return Optional.empty();
        }
        if (deadline.isOver()) {
          throw new SocketTimeoutException("no connection within " + deadline);
        }
        readiness.await(SelectionKey.OP_ACCEPT, Math.min(ALIVE_MILLIS, deadline.remainingMillis()));
      }
    }
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      Files.deleteIfExists(path);
    }
  }
}
