package dev.limpid.resident;

import dev.limpid.proto.socket.Deadline;
import dev.limpid.proto.socket.UnixSocket;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A call that is handed over. It comes as its length in 4 bytes, and then texts, each with a zero
 * byte behind it.
 *
 * @param identity what the caller must have in common with who does it
 * @param umask the caller's
 * @param pid the caller's process
 * @param directory what relative paths are relative to; absolute
 * @param arguments the command line, without the program's name
 * @param environment those of the caller's variables that matter to Limpid
 */
public record Request(
    String identity,
    int umask,
    long pid,
    Path directory,
    List<String> arguments,
    Map<String, String> environment) {
  /** The same as the client's. */
  static final int MAX_BYTES = 64 << 10;

  private static final int MAX_UMASK = 0777;
  private static final int OCTAL = 8;

  /** Makes the list and the map immutable. */
  public Request {
    arguments = List.copyOf(arguments);
    environment = Map.copyOf(environment);
  }

  /**
   * Reads one.
   *
   * @throws IOException if none comes, or not a whole one, or something else
   */
  static Request read(UnixSocket socket, Deadline deadline) throws IOException {
    int size = read(socket, Integer.BYTES, deadline).getInt();
    if (size <= 0 || size > MAX_BYTES) {
      throw new IOException("a request of " + size + " bytes");
    }
    return of(read(socket, size, deadline).array());
  }

  static Request of(byte[] bytes) throws IOException {
    if (bytes.length == 0 || bytes[bytes.length - 1] != 0) {
      throw new IOException("a request that does not end");
    }
    // With the last of them, an empty one after it.
    String[] texts = new String(bytes, StandardCharsets.UTF_8).split("\0", -1);
    Texts left = new Texts(List.of(texts).subList(0, texts.length - 1));
    try {
      String identity = left.next();
      int umask = Integer.parseInt(left.next(), OCTAL);
      long pid = Long.parseLong(left.next());
      Path directory = Path.of(left.next());
      List<String> arguments = left.next(Integer.parseInt(left.next()));
      Map<String, String> environment = new HashMap<>();
      for (String variable : left.rest()) {
        int equals = variable.indexOf('=');
        if (equals > 0) {
          environment.putIfAbsent(variable.substring(0, equals), variable.substring(equals + 1));
        }
      }
      if (umask < 0 || umask > MAX_UMASK || pid <= 0 || !directory.isAbsolute()) {
        throw new IOException("a request out of bounds");
      }
      return new Request(identity, umask, pid, directory, arguments, environment);
    } catch (NumberFormatException | InvalidPathException wrong) {
      throw new IOException("a request that is none", wrong);
    }
  }

  private static ByteBuffer read(UnixSocket socket, int size, Deadline deadline)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(size);
    while (buffer.hasRemaining()) {
      if (socket.read(buffer, deadline) < 0) {
        throw new EOFException("a request that was broken off");
      }
    }
    return buffer.flip();
  }

  /** What has not been looked at yet. */
  private static final class Texts {
    private final List<String> texts;
    private int at;

    Texts(List<String> texts) {
      this.texts = texts;
    }

    String next() throws IOException {
      return next(1).get(0);
    }

    List<String> next(int count) throws IOException {
      if (count < 0 || count > texts.size() - at) {
        throw new IOException("a request with less in it than it says");
      }
      List<String> taken = new ArrayList<>(texts.subList(at, at + count));
      at += count;
      return taken;
    }

    List<String> rest() {
      return texts.subList(at, texts.size());
    }
  }
}
