package dev.limpid.behaviour;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** A server of the host at a UNIX socket: it gives back what it is given. */
final class EchoServer implements AutoCloseable {
  private static final int BACKLOG = 512;

  private final ServerSocketChannel listener;

  /** What came on connections that have ended; of each the first bytes. */
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

  private EchoServer(ServerSocketChannel listener) {
    this.listener = listener;
  }

  /** Starts one; a socket that is there already is replaced, as daemons do. */
  static EchoServer at(Path path) throws IOException {
    Files.deleteIfExists(path);
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(path), BACKLOG);
    EchoServer server = new EchoServer(listener);
    daemon(server::accept);
    return server;
  }

  BlockingQueue<String> heard() {
    return heard;
  }

  /** Nobody listens any more, but the socket's file stays. */
  @Override
  public void close() throws IOException {
    listener.close();
  }

  private static void daemon(Runnable body) {
    Thread thread = new Thread(body, "echo");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel connection = listener.accept();
        daemon(() -> serve(connection));
      }
    } catch (ClosedChannelException closed) {
      return;
    } catch (IOException broken) {
      heard.add("accept: " + broken.getMessage());
    }
  }

  private void serve(SocketChannel connection) {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    String first = "";
    try (connection) {
      while (connection.read(bytes.clear()) >= 0) {
        bytes.flip();
        if (first.length() < 100) {
          first += StandardCharsets.ISO_8859_1.decode(bytes.duplicate());
        }
        while (bytes.hasRemaining()) {
          connection.write(bytes);
        }
      }
      connection.shutdownOutput();
    } catch (IOException gone) {
      // The other end need not wait for its answer.
      first += "";
    }
    heard.add(first);
  }
}
