package dev.limpid.proto;

import dev.limpid.proto.socket.Deadline;
import dev.limpid.proto.socket.UnixListener;
import dev.limpid.proto.socket.UnixSocket;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Where the shim that a verb starts connects to it: a socket in the container's directory. Closing
 * it removes the socket; links that were accepted stay.
 */
public final class ControlLinkListener implements AutoCloseable {
  private final UnixListener listener;

  private ControlLinkListener(UnixListener listener) {
    this.listener = listener;
  }

  /**
   * Listens in a container's directory. Its path may be of any length.
   *
   * @param directory absolute
   * @param name the socket's name in it, which the shim's plan tells
   * @throws IOException naming the socket
   */
  public static ControlLinkListener open(Path directory, String name) throws IOException {
    return new ControlLinkListener(UnixListener.open(directory, name));
  }

  /**
   * Waits for the shim, and exchanges versions with it.
   *
   * @throws SocketTimeoutException if it has not come in time
   * @throws IOException if it does not speak the protocol
   */
  public ControlLink accept(Duration timeout) throws IOException {
    return accept(timeout, () -> true);
  }

  /**
   * Waits for the shim as long as it lives, and exchanges versions with it.
   *
   * @param timeout how long at most
   * @param shimAlive whether the shim's process is still there, asked every few milliseconds
   * @throws SocketTimeoutException if it has not come in time
   * @throws IOException if it is dead or does not speak the protocol
   */
  public ControlLink accept(Duration timeout, BooleanSupplier shimAlive) throws IOException {
    Deadline deadline = Deadline.in(timeout);
    Optional<UnixSocket> socket;
    try {
      socket = listener.accept(deadline, shimAlive);
    } catch (SocketTimeoutException late) {
      throw ControlLink.timeout("limpid-shim has not connected within " + deadline, late);
    }
    if (socket.isEmpty()) {
      throw new IOException("limpid-shim has ended before it connected");
    }
    return ControlLink.accepted(socket.get(), deadline);
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
