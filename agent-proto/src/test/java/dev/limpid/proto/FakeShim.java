package dev.limpid.proto;

import dev.limpid.proto.frame.Direction;
import dev.limpid.proto.frame.Frame;
import dev.limpid.proto.frame.FrameCodec;
import dev.limpid.proto.frame.FrameDecoder;
import dev.limpid.proto.frame.FrameKind;
import dev.limpid.proto.frame.Hello;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.function.Executable;

/** The other end of a control link: a thread that plays a script. */
final class FakeShim implements AutoCloseable {
  private static final long PATIENCE_MILLIS = 20_000;

  /** What the shim does once it is connected; its socket is closed behind it. */
  interface Script {
    void play(FakeShim shim) throws IOException;
  }

  private interface Connector {
    SocketChannel connect() throws IOException;
  }

  private final Thread thread;
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final FrameDecoder decoder = new FrameDecoder(Direction.TO_SHIM);
  private final CountDownLatch connected = new CountDownLatch(1);
  private final Optional<ServerSocketChannel> listener;
  private SocketChannel channel;

  private FakeShim(Optional<ServerSocketChannel> listener, Connector connector, Script script) {
    this.listener = listener;
    thread =
        new Thread(
            () -> {
              try (SocketChannel opened = connector.connect()) {
                channel = opened;
                script.play(this);
              } catch (IOException | RuntimeException | Error e) {
                failure.set(e);
              }
            },
            "shim");
    thread.setDaemon(true);
    thread.start();
  }

  /** A running shim: listens for one verb on shim.sock. Returns when it listens. */
  static FakeShim listening(Path directory, Script script) throws IOException {
    ServerSocketChannel listener = listen(directory);
    return new FakeShim(Optional.of(listener), listener::accept, script);
  }

  /**
   * A running shim that has sent its HELLO in answer to that of the verb. Its script begins at
   * {@link #verbIsConnected}: what it sends is found by what the verb does then.
   */
  static FakeShim greeting(Path directory, Script script) throws IOException {
    return listening(
        directory,
        shim -> {
          shim.greet();
          shim.awaitVerb();
          script.play(shim);
        });
  }

  /** A shim that is busy for a while, and to which others have connected before. */
  static FakeShim accepting(ServerSocketChannel listener, int others, Script script) {
    return new FakeShim(
        Optional.empty(),
        () -> {
          LockSupport.parkNanos(50_000_000);
          for (int i = 0; i < others; i++) {
            listener.accept().close();
          }
          return listener.accept();
        },
        script);
  }

  /** A shim that is being started: connects to create.sock. */
  static FakeShim connecting(Path directory, Script script) {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("create.sock"));
    return new FakeShim(Optional.empty(), () -> SocketChannel.open(address), script);
  }

  /** What the verb throws while the shim plays its script to the end. */
  static <T extends Exception> T thrown(Class<T> type, FakeShim shim, Executable verb)
      throws IOException {
    try (shim) {
      return Assertions.assertThrows(type, verb);
    }
  }

  /** A socket on which nobody accepts: the one who holds it may. */
  static ServerSocketChannel listen(Path directory) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    return listener.bind(UnixDomainSocketAddress.of(directory.resolve("shim.sock")), 1);
  }

  /** A failure as the shim writes it. */
  static Frame failure(int request, String code, String message) {
    return json(
        FrameKind.FAILURE, request, "{\"code\":\"" + code + "\",\"message\":\"" + message + "\"}");
  }

  static Frame result(int request, String json) {
    return json(FrameKind.RESULT, request, json);
  }

  static Frame json(FrameKind kind, int request, String json) {
    return Frame.of(kind, 0, 0, request, json.getBytes(StandardCharsets.UTF_8));
  }

  /** A frame whose payload is of 32-bit numbers. */
  static Frame numbers(FrameKind kind, int stream, int process, int... numbers) {
    ByteBuffer payload = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int number : numbers) {
      payload.putInt(number);
    }
    return Frame.of(kind, stream, process, 0, payload.array());
  }

  static Frame launched(int qemu, int virtiofsd) {
    return numbers(FrameKind.LAUNCHED, 0, 0, qemu, virtiofsd);
  }

  /** The next frame of the verb. */
  Frame read() throws IOException {
    Optional<Frame> frame = decoder.next();
    while (frame.isEmpty()) {
      if (channel.read(decoder.space()) < 0) {
        throw new EOFException("the verb has closed the connection");
      }
      frame = decoder.next();
    }
    return frame.get();
  }

  /** The text of the next frame of the verb, which must be a request with this number. */
  String readRequest(int number) throws IOException {
    Frame frame = read();
    if (frame.kind() != FrameKind.REQUEST || frame.request() != number) {
      throw new AssertionError("request " + number + " expected, not " + frame);
    }
    return new String(frame.payload(), StandardCharsets.UTF_8);
  }

  /** Waits until the verb closes the connection, and lets nothing come before that. */
  void expectEnd() throws IOException {
    ByteBuffer rest = decoder.space();
    if (!decoder.isIdle() || channel.read(rest) >= 0) {
      throw new AssertionError("the verb has sent more");
    }
  }

  /** Reads whatever the verb sends until it closes the connection. */
  void readToTheEnd() throws IOException {
    while (channel.read(ByteBuffer.allocate(4096)) >= 0) {}
  }

  /** Reads the verb's HELLO and answers it. */
  void greet() throws IOException {
    Hello.of(readHello());
    send(Hello.OURS.toFrame());
  }

  Frame readHello() throws IOException {
    Frame frame = read();
    if (frame.kind() != FrameKind.HELLO) {
      throw new AssertionError("HELLO expected, not " + frame);
    }
    return frame;
  }

  /** Sends frames in one piece: the verb finds all of them in one read, or none. */
  void send(Frame... frames) throws IOException {
    send(bytes(frames));
  }

  void send(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  static ByteBuffer bytes(Frame... frames) {
    int size = 0;
    for (Frame frame : frames) {
      size += Frame.HEADER_SIZE + frame.length();
    }
    ByteBuffer bytes = ByteBuffer.allocate(size);
    for (Frame frame : frames) {
      bytes.put(FrameCodec.encode(frame, Direction.FROM_SHIM));
    }
    return bytes.flip();
  }

  /** Lets the script begin. */
  void verbIsConnected() {
    connected.countDown();
  }

  private void awaitVerb() {
    try {
      if (!connected.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
        throw new AssertionError("no verb");
      }
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  /** Waits until the script has been played and the connection is closed. */
  void join() throws InterruptedException {
    thread.join(PATIENCE_MILLIS);
    if (thread.isAlive()) {
      throw new AssertionError("the shim still waits");
    }
  }

  /** Fails if the script has. */
  @Override
  public void close() throws IOException {
    verbIsConnected();
    try {
      join();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    } finally {
      if (listener.isPresent()) {
        listener.get().close();
      }
    }
    if (failure.get() != null) {
      throw new AssertionError("in the shim: " + failure.get(), failure.get());
    }
  }
}
