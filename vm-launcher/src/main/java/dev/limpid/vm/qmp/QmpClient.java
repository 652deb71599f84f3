package dev.limpid.vm.qmp;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.proto.socket.Deadline;
import dev.limpid.proto.socket.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A connection to QEMU's monitor. One command at a time; events that come in between are dropped.
 * For one thread at a time.
 */
public final class QmpClient implements AutoCloseable {
  private static final String NAME = "qmp.sock";

  /** Longer than any answer to the commands that are used here. */
  private static final int LINE_MAX = 1 << 20;

  private final UnixSocket socket;
  private ByteBuffer unread = ByteBuffer.allocate(4096).flip();

  private QmpClient(UnixSocket socket) {
    this.socket = socket;
  }

  /**
   * Connects to a VM's monitor and leaves its negotiation mode.
   *
   * @param directory the container's directory; absolute
   * @param timeout how long that may take
   * @throws IOException if nobody answers there in time, or not in QMP
   */
  public static QmpClient connect(Path directory, Duration timeout) throws IOException {
    Deadline deadline = Deadline.in(timeout);
    QmpClient client = new QmpClient(UnixSocket.connect(directory, NAME, deadline));
    boolean done = false;
    try {
      if (client.message(deadline).get("QMP").isEmpty()) {
        throw new IOException("QEMU's monitor: no greeting");
      }
      client.execute("qmp_capabilities", Optional.empty(), deadline);
      done = true;
      return client;
    } finally {
      if (!done) {
        client.close();
      }
    }
  }

  /**
   * Carries out a command.
   *
   * @param command its name, for example {@code query-status}
   * @param timeout how long that may take
   * @return the member {@code return} of the answer
   * @throws QmpException if QEMU refuses it
   * @throws IOException if the connection ends, or the answer does not come in time
   */
  public JsonCursor execute(String command, Duration timeout) throws IOException {
    return execute(command, Optional.empty(), Deadline.in(timeout));
  }

  /**
   * Carries out a command with arguments.
   *
   * @see #execute(String, Duration)
   */
  public JsonCursor execute(String command, JsonObject arguments, Duration timeout)
      throws IOException {
    return execute(command, Optional.of(arguments), Deadline.in(timeout));
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private JsonCursor execute(String command, Optional<JsonObject> arguments, Deadline deadline)
      throws IOException {
    JsonObject.Builder request = JsonObject.builder().put("execute", command);
    if (arguments.isPresent()) {
      request.put("arguments", arguments.get());
    }
    byte[] text = JsonWriter.compact().writeBytes(request.build());
    ByteBuffer line = ByteBuffer.allocate(text.length + 1).put(text).put((byte) '\n').flip();
    socket.write(line, deadline);
    while (true) {
      JsonObject message = message(deadline);
      if (message.get("error").isPresent()) {
        throw new QmpException(command + ": " + description(message));
      }
      Optional<JsonValue> result = message.get("return");
      if (result.isPresent()) {
        return JsonCursor.root("QMP", result.get());
      }
      if (message.get("event").isEmpty()) {
        throw new IOException("QEMU's monitor: neither an answer nor an event");
      }
    }
  }

  private JsonObject message(Deadline deadline) throws IOException {
    byte[] line = line(deadline);
    try {
      return JsonCursor.root("QMP", new JsonReader("QMP").parse(line)).asObject();
    } catch (DocumentException broken) {
      throw broken(broken);
    }
  }

  private static String description(JsonObject message) throws IOException {
    try {
      return JsonCursor.root("QMP", message).required("error").requiredString("desc");
    } catch (DocumentException broken) {
      throw broken(broken);
    }
  }

  private static IOException broken(DocumentException broken) {
    return new IOException("QEMU's monitor: " + broken.getMessage(), broken);
  }

  /** The next line, without its end. */
  private byte[] line(Deadline deadline) throws IOException {
    int looked = 0;
    while (true) {
      for (; looked < unread.remaining(); looked++) {
        if (unread.get(unread.position() + looked) == '\n') {
          byte[] line = new byte[looked];
          unread.get(line).get();
          return line;
        }
      }
      fill(deadline);
    }
  }

  /** Reads more behind what has not been used yet. */
  private void fill(Deadline deadline) throws IOException {
    unread.compact();
    try {
      if (!unread.hasRemaining()) {
        if (unread.capacity() >= LINE_MAX) {
          throw new IOException("QEMU's monitor: a line of more than " + LINE_MAX + " bytes");
        }
        unread = ByteBuffer.allocate(unread.capacity() * 2).put(unread.flip());
      }
      if (socket.read(unread, deadline) < 0) {
        throw new IOException("QEMU's monitor: the connection has ended");
      }
    } finally {
      unread.flip();
    }
  }
}
