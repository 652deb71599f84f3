package dev.limpid.resident;

import dev.limpid.engine.DeclinedException;
import dev.limpid.proto.socket.Deadline;
import dev.limpid.proto.socket.UnixSocket;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * One call, over a connection: the caller says what it wants, hears that it is taken, and says that
 * it is still there. Only then it is done.
 */
final class Conversation {
  private static final byte TAKEN = 'T';
  private static final byte REFUSED = 'R';
  private static final byte GO = 'G';
  private static final byte DONE = 'A';
  private static final byte DECLINED = 'D';

  /** Who calls has less patience, and says all at once. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** How long a caller that has been stopped may keep others from being served. */
  private static final Duration READING_PATIENCE = Duration.ofSeconds(5);

  private final UnixSocket socket;

  Conversation(UnixSocket socket) {
    this.socket = socket;
  }

  /** Says at once that somebody else is to be asked. */
  void refuse() throws IOException {
    say(REFUSED);
  }

  /**
   * Does what is wanted, if it is for us.
   *
   * @param identity what the caller's has to be
   * @return whether it was
   * @throws IOException if the caller does not keep to the rules, or has gone
   * @throws Error if the verb ended with it; to the caller, that is the end of this process
   */
  boolean hold(String identity, Verbs verbs) throws IOException {
    Request request = Request.read(socket, Deadline.in(PATIENCE));
    if (!request.identity().equals(identity)) {
      refuse();
      return false;
    }
    Deadline deadline = Deadline.in(PATIENCE);
    say(TAKEN);
    ByteBuffer word = ByteBuffer.allocate(1);
    try {
      if (socket.read(word, deadline) != 1 || word.get(0) != GO) {
        return true;
      }
    } catch (SocketTimeoutException late) {
      // If it comes after all, its sender need not wonder what has been done.
      say(DECLINED);
      return true;
    }
    // While this process was stopped, it may have lain there.
    if (deadline.isOver()) {
      say(DECLINED);
    } else {
      answer(request, verbs);
    }
    return true;
  }

  /** Whether the caller has neither gone nor said anything else. */
  private boolean isWaiting() {
    try {
      socket.read(ByteBuffer.allocate(1), Deadline.in(Duration.ZERO));
      return false;
    } catch (SocketTimeoutException silent) {
      return true;
    } catch (IOException broken) {
      return false;
    }
  }

  private void answer(Request request, Verbs verbs) throws IOException {
    Transcript transcript = new Transcript();
    int status;
    try {
      status = verbs.run(request, transcript, this::isWaiting);
    } catch (DeclinedException declined) {
      say(DECLINED);
      return;
    }
    answer(status, transcript);
  }

  private void answer(int status, Transcript transcript) throws IOException {
    byte[] chunks = transcript.bytes();
    ByteBuffer answer = ByteBuffer.allocate(2 + Integer.BYTES + chunks.length);
    answer.put(DONE).put((byte) status).putInt(chunks.length).put(chunks).flip();
    socket.write(answer, Deadline.in(READING_PATIENCE));
  }

  private void say(byte word) throws IOException {
    socket.write(ByteBuffer.wrap(new byte[] {word}), Deadline.in(PATIENCE));
  }
}
