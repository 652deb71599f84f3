package dev.limpid.rehearsal;

import dev.limpid.proto.frame.Direction;
import dev.limpid.proto.frame.Frame;
import dev.limpid.proto.frame.FrameCodec;
import dev.limpid.proto.frame.FrameDecoder;
import dev.limpid.proto.frame.FrameKind;
import dev.limpid.proto.frame.Hello;
import dev.limpid.proto.socket.Deadline;
import dev.limpid.proto.socket.UnixListener;
import dev.limpid.proto.socket.UnixSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The shim of a container that is not there: says yes to everything. */
final class ObligingShim implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final byte[] NOTHING = "{}".getBytes(StandardCharsets.UTF_8);

  private final UnixListener listener;

  private ObligingShim(UnixListener listener) {
    this.listener = listener;
  }

  /** One that listens in a container's directory. */
  static ObligingShim listen(Path directory) throws IOException {
    return new ObligingShim(UnixListener.open(directory, "shim.sock"));
  }

  /** Serves whoever comes, one after the other, in a thread that ends with the process. */
  void start() {
    Thread thread = new Thread(this::serveAll, "shim");
    thread.setDaemon(true);
    thread.start();
  }

  private void serveAll() {
    try {
      while (true) {
        try (UnixSocket verb = listener.accept(Deadline.in(PATIENCE), () -> true).orElseThrow()) {
          serve(verb);
        }
      }
    } catch (IOException closed) {
      // The rehearsal is over.
    }
  }

  private static void serve(UnixSocket verb) throws IOException {
    FrameDecoder decoder = new FrameDecoder(Direction.TO_SHIM);
    while (verb.read(decoder.space(), Deadline.in(PATIENCE)) >= 0) {
      Optional<Frame> frame = decoder.next();
      while (frame.isPresent()) {
        if (frame.get().kind() == FrameKind.HELLO) {
          answer(verb, Hello.OURS.toFrame());
        } else {
          answer(verb, Frame.of(FrameKind.RESULT, 0, 0, frame.get().request(), NOTHING));
        }
        frame = decoder.next();
      }
    }
  }

  private static void answer(UnixSocket verb, Frame frame) throws IOException {
    verb.write(FrameCodec.encode(frame, Direction.FROM_SHIM), Deadline.in(PATIENCE));
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
