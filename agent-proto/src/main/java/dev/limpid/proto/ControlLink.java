package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.proto.frame.Direction;
import dev.limpid.proto.frame.Frame;
import dev.limpid.proto.frame.FrameCodec;
import dev.limpid.proto.frame.FrameDecoder;
import dev.limpid.proto.frame.FrameKind;
import dev.limpid.proto.frame.Hello;
import dev.limpid.proto.socket.Deadline;
import dev.limpid.proto.socket.UnixSocket;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A verb's connection to the shim of a container (docs/protocol.md). Requests are answered in any
 * order and may be sent before they are waited for. For one thread at a time.
 *
 * <p>Every method that waits throws a {@link SocketTimeoutException} that names what was waited
 * for, a {@link LinkFailureException} if the shim says that all is lost, and an {@link IOException}
 * if the connection ends or the shim breaks the protocol. After the last two the link is of no use.
 */
public final class ControlLink implements AutoCloseable {
  private static final String NAME = "shim.sock";

  /** How long the shim, which is always ready to read, may take to take a request. */
  private static final Duration SENDING = Duration.ofSeconds(30);

  /** How many requests may be under way. */
  private static final int PENDING_MAX = 64;

  private final UnixSocket socket;
  private final FrameDecoder decoder = new FrameDecoder(Direction.FROM_SHIM);

  /** Requests that were sent, with the answer once it is there. */
  private final Map<Integer, Optional<Frame>> pending = new HashMap<>();

  private int lastNumber;
  private boolean greeted;
  private boolean commitSent;
  private boolean committed;
  private boolean watchSent;
  private boolean refreshSent;
  private Optional<Launched> launched = Optional.empty();
  private Optional<IOException> mismatch = Optional.empty();
  private Optional<IOException> end = Optional.empty();

  private ControlLink(UnixSocket socket) {
    this.socket = socket;
  }

  /**
   * Connects to the shim of a container, and exchanges versions with it.
   *
   * @param directory the container's directory; absolute, of any length
   * @param timeout how long that may take
   */
  public static ControlLink connect(Path directory, Duration timeout) throws IOException {
    Deadline deadline = Deadline.in(timeout);
    UnixSocket socket;
    try {
      socket = UnixSocket.connect(directory, NAME, deadline);
    } catch (SocketTimeoutException late) {
      throw timeout(directory.resolve(NAME) + ": not accepted within " + deadline, late);
    }
    return greet(socket, true, deadline);
  }

  /** Takes over a connection that the shim has made. */
  static ControlLink accepted(UnixSocket socket, Deadline deadline) throws IOException {
    return greet(socket, false, deadline);
  }

  private static ControlLink greet(UnixSocket socket, boolean first, Deadline deadline)
      throws IOException {
    ControlLink link = new ControlLink(socket);
    boolean done = false;
    try {
      if (first) {
        link.write(Hello.OURS.toFrame(), deadline);
      }
      while (!link.greeted) {
        link.receive(deadline, "the shim's version");
      }
      if (!first) {
        link.write(Hello.OURS.toFrame(), deadline);
      }
      // Only now: both sides are to know which versions the other one speaks.
      if (link.mismatch.isPresent()) {
        throw link.mismatch.get();
      }
      done = true;
      return link;
    } finally {
      if (!done) {
        socket.close();
      }
    }
  }

  /** Waits until the virtual machine has been started. */
  public Launched awaitLaunched(Duration timeout) throws IOException {
    Deadline deadline = Deadline.in(timeout);
    while (launched.isEmpty()) {
      receive(deadline, "the start of the virtual machine");
    }
    return launched.get();
  }

  /**
   * Sends a request without waiting for its answer.
   *
   * @throws IllegalArgumentException if it is longer than the 8 MiB that a frame holds
   * @throws IllegalStateException if 64 requests are under way already
   */
  public PendingRequest send(AgentRequest request) throws IOException {
    if (pending.size() >= PENDING_MAX) {
      throw new IllegalStateException(PENDING_MAX + " requests are under way");
    }
    byte[] json = JsonWriter.compact().writeBytes(request.toJson());
    if (json.length > FrameKind.REQUEST.longest()) {
      throw new IllegalArgumentException(
          request.method() + ": a request of " + json.length + " bytes is too long");
    }
    lastNumber++;
    pending.put(lastNumber, Optional.empty());
    write(Frame.request(lastNumber, json), Deadline.in(SENDING));
    return new PendingRequest(lastNumber, request.method());
  }

  /**
   * Waits for the answer to a request. After a timeout it can be waited for again.
   *
   * @throws AgentFailureException if the answer is a failure
   * @throws IllegalArgumentException if the request was not sent on this link, or is answered
   *     already
   */
  public JsonObject await(PendingRequest request, Duration timeout)
      throws IOException, AgentFailureException {
    Deadline deadline = Deadline.in(timeout);
    while (true) {
      Optional<Frame> answer = pending.get(request.number());
      if (answer == null) {
        throw new IllegalArgumentException("not under way: " + request);
      }
      if (answer.isPresent()) {
        pending.remove(request.number());
        return result(answer.get(), request.method());
      }
      receive(deadline, "the answer to " + request.method());
    }
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @throws AgentFailureException if the answer is a failure
   */
  public JsonObject call(AgentRequest request, Duration timeout)
      throws IOException, AgentFailureException {
    return await(send(request), timeout);
  }

  /**
   * Tells the shim that the container may outlive this link, and waits until it says that it will:
   * what the container was promised besides, its terminal and its network, is there then. After a
   * timeout that can be waited for again.
   */
  public void commit(Duration timeout) throws IOException {
    Deadline deadline = Deadline.in(timeout);
    if (!commitSent) {
      commitSent = true;
      write(Frame.bare(FrameKind.COMMIT), deadline);
    }
    while (!committed) {
      receive(deadline, "the shim's word that the container is on its own");
    }
  }

  /**
   * Has the shim watch the container's network from now on: it refreshes the VM's when that has
   * changed. Returns when it does, so that no change after that is missed. May be called again,
   * also after a timeout.
   *
   * @param patience how long that may take
   * @throws LinkFailureException if the shim can't; the link has ended then
   */
  public void watch(Duration patience) throws IOException {
    Deadline deadline = Deadline.in(patience);
    if (!watchSent) {
      watchSent = true;
      write(Frame.bare(FrameKind.WATCH), deadline);
    }
    while (watchSent) {
      receive(deadline, "the shim's word that it watches the network");
    }
  }

  /**
   * Has what the host's engine sees of the root filesystem brought up to date with what the
   * container has written so far. Returns when it is, or can't be; the shim's log says which.
   *
   * @param patience how long that may take
   */
  public void refreshRoot(Duration patience) throws IOException {
    Deadline deadline = Deadline.in(patience);
    if (!refreshSent) {
      refreshSent = true;
      write(Frame.bare(FrameKind.REFRESH_ROOT), deadline);
    }
    while (refreshSent) {
      receive(deadline, "the shim's word that the root filesystem is up to date");
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  static SocketTimeoutException timeout(String message, SocketTimeoutException cause) {
    SocketTimeoutException named = new SocketTimeoutException(message);
    named.initCause(cause);
    return named;
  }

  private static JsonObject result(Frame answer, String method)
      throws IOException, AgentFailureException {
    if (answer.kind() == FrameKind.RESULT) {
      return FailureText.result(answer, method);
    }
    FailureText failure = FailureText.of(answer);
    throw new AgentFailureException(failure.code, failure.message);
  }

  private void write(Frame frame, Deadline deadline) throws IOException {
    if (end.isPresent()) {
      throw end.get();
    }
    ByteBuffer bytes = FrameCodec.encode(frame, Direction.TO_SHIM);
    try {
      socket.write(bytes, deadline);
    } catch (SocketTimeoutException late) {
      // A part of a frame may be out: nothing can follow it.
      end =
          Optional.of(timeout("limpid-shim has not taken " + frame + " within " + deadline, late));
      throw end.get();
    } catch (IOException broken) {
      throw lastWords(broken, frame);
    }
  }

  /** What the shim said before it closed its end tells more than a broken pipe. */
  private IOException lastWords(IOException broken, Frame frame) {
    Deadline now = Deadline.in(Duration.ZERO);
    try {
      while (true) {
        receive(now, "more");
      }
    } catch (LinkFailureException told) {
      return told;
    } catch (IOException nothing) {
      IOException failure =
          new IOException(
              "limpid-shim has closed the connection before it took "
                  + frame
                  + ": "
                  + broken.getMessage(),
              broken);
      end = Optional.of(failure);
      return failure;
    }
  }

  /** Waits for at least one byte, and deals with the frames that are complete then. */
  private void receive(Deadline deadline, String what) throws IOException {
    if (end.isPresent()) {
      throw end.get();
    }
    try {
      if (read(deadline, what) < 0) {
        throw new IOException(closedBefore(what));
      }
      Optional<Frame> frame = decoder.next();
      while (frame.isPresent()) {
        handle(frame.get());
        // What follows the HELLO of a version that is not spoken here cannot be understood.
        frame = mismatch.isPresent() ? Optional.empty() : decoder.next();
      }
    } catch (SocketTimeoutException late) {
      throw timeout("limpid-shim: " + what + " has not come within " + deadline, late);
    } catch (IOException failed) {
      end = Optional.of(failed);
      throw failed;
    }
  }

  private int read(Deadline deadline, String what) throws IOException {
    try {
      return socket.read(decoder.space(), deadline);
    } catch (InterruptedIOException late) {
      throw late;
    } catch (IOException reset) {
      // The shim has gone without having read everything that was sent to it.
      throw new IOException(closedBefore(what) + ": " + reset.getMessage(), reset);
    }
  }

  private String closedBefore(String what) {
    return "limpid-shim has closed the connection"
        + (decoder.isIdle() ? "" : " within a frame")
        + "; "
        + what
        + " was expected";
  }

  private void handle(Frame frame) throws IOException {
    FrameKind kind = frame.kind();
    if (kind == FrameKind.FAILURE && frame.request() == 0) {
      FailureText failure = FailureText.of(frame);
      throw new LinkFailureException(failure.code, failure.message);
    }
    if (greeted == (kind == FrameKind.HELLO)) {
      throw unexpected(frame);
    }
    switch (kind) {
      case HELLO -> hello(Hello.of(frame));
      case LAUNCHED -> launched(frame);
      case COMMITTED -> committed(frame);
      case WATCHING -> watching(frame);
      case ROOT_REFRESHED -> rootRefreshed(frame);
      case RESULT, FAILURE -> answer(frame);
      case EVENT -> {} // Nothing that a verb of this version waits for.
      default -> throw unexpected(frame);
    }
  }

  private void hello(Hello peer) {
    greeted = true;
    if (Hello.OURS.versionWith(peer) == 0) {
      mismatch =
          Optional.of(
              new IOException(
                  "limpid-shim speaks versions "
                      + peer.lowest()
                      + " to "
                      + peer.highest()
                      + " of the protocol, this program "
                      + Hello.OURS.lowest()
                      + " to "
                      + Hello.OURS.highest()));
    }
  }

  private void committed(Frame frame) throws IOException {
    if (!commitSent || committed) {
      throw unexpected(frame);
    }
    committed = true;
  }

  private void watching(Frame frame) throws IOException {
    if (!watchSent) {
      throw unexpected(frame);
    }
    watchSent = false;
  }

  private void rootRefreshed(Frame frame) throws IOException {
    if (!refreshSent) {
      throw unexpected(frame);
    }
    refreshSent = false;
  }

  private void launched(Frame frame) throws IOException {
    if (launched.isPresent()) {
      throw unexpected(frame);
    }
    ByteBuffer pids = ByteBuffer.wrap(frame.payload()).order(ByteOrder.LITTLE_ENDIAN);
    launched = Optional.of(new Launched(pid(pids.getInt(0)), pid(pids.getInt(4))));
  }

  private static OptionalInt pid(int number) {
    return number == 0 ? OptionalInt.empty() : OptionalInt.of(number);
  }

  private void answer(Frame frame) throws IOException {
    Optional<Frame> before = pending.get(frame.request());
    if (before == null || before.isPresent()) {
      throw unexpected(frame);
    }
    pending.put(frame.request(), Optional.of(frame));
  }

  private static IOException unexpected(Frame frame) {
    return new IOException("broken protocol: limpid-shim has sent an unexpected " + frame);
  }
}
