package dev.limpid.proto.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.proto.LongDirectory;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both ends of a connection. */
@Timeout(60)
class UnixSocketTest {
  private static final String NAME = "a.sock";

  @TempDir Path temporary;

  private Path directory;

  @BeforeEach
  void makeLongDirectory() throws IOException {
    directory = LongDirectory.below(temporary).path();
  }

  @Test
  void carriesBytesBothWays() throws IOException {
    try (UnixListener listener = UnixListener.open(directory, NAME);
        UnixSocket client = UnixSocket.connect(directory, NAME, patience());
        UnixSocket server = listener.accept(patience(), () -> true).orElseThrow()) {
      client.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), patience());
      assertEquals(ByteBuffer.wrap(new byte[] {1, 2, 3}), read(server, 3));
      server.write(ByteBuffer.wrap(new byte[] {4}), patience());
      assertEquals(ByteBuffer.wrap(new byte[] {4}), read(client, 1));
    }
  }

  @Test
  void seesTheEnd() throws IOException {
    try (UnixListener listener = UnixListener.open(directory, NAME);
        UnixSocket client = UnixSocket.connect(directory, NAME, patience())) {
      listener.accept(patience(), () -> true).orElseThrow().close();
      assertEquals(-1, client.read(ByteBuffer.allocate(1), patience()));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 50})
  void readingEndsAtTheDeadline(int millis) throws IOException {
    try (UnixListener listener = UnixListener.open(directory, NAME);
        UnixSocket client = UnixSocket.connect(directory, NAME, patience());
        UnixSocket server = listener.accept(patience(), () -> true).orElseThrow()) {
      Deadline deadline = Deadline.in(Duration.ofMillis(millis));
      ByteBuffer buffer = ByteBuffer.allocate(1);
      assertThrows(SocketTimeoutException.class, () -> client.read(buffer, deadline));
      server.write(ByteBuffer.wrap(new byte[] {5}), patience());
      assertEquals(1, client.read(buffer, deadline), "what is there is read even then");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 50})
  void writingEndsAtTheDeadlineIfNobodyReads(int millis) throws IOException {
    try (UnixListener listener = UnixListener.open(directory, NAME);
        UnixSocket client = UnixSocket.connect(directory, NAME, patience());
        UnixSocket server = listener.accept(patience(), () -> true).orElseThrow()) {
      ByteBuffer much = ByteBuffer.allocate(16 << 20);
      Deadline deadline = Deadline.in(Duration.ofMillis(millis));
      assertThrows(SocketTimeoutException.class, () -> client.write(much, deadline));
      int written = much.position();
      assertTrue(written > 0 && much.hasRemaining(), written + " bytes");
      assertEquals(written, read(server, written).remaining());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {99, 100, 101, 106, 107, 108, 109, 200})
  void takesPathsOfAnyLength(int length) throws IOException {
    String start = temporary + "/" + "d".repeat(20);
    Path place = Path.of(start + "e".repeat(length - start.length() - NAME.length() - 1));
    Files.createDirectory(place);
    assertEquals(length, place.resolve(NAME).toString().length());

    try (UnixListener listener = UnixListener.open(place, NAME);
        UnixSocket client = UnixSocket.connect(place, NAME, patience());
        UnixSocket server = listener.accept(patience(), () -> true).orElseThrow()) {
      BasicFileAttributes socket =
          Files.readAttributes(place.resolve(NAME), BasicFileAttributes.class);
      assertTrue(socket.isOther());
      client.write(ByteBuffer.wrap(new byte[] {1}), patience());
      assertEquals(ByteBuffer.wrap(new byte[] {1}), read(server, 1));
    }
  }

  @Test
  void keepsNoDescriptorOfTheDirectory() throws IOException {
    try (UnixListener listener = UnixListener.open(directory, NAME)) {
      long before = openDescriptors();
      for (int i = 0; i < 20; i++) {
        UnixSocket.connect(directory, NAME, patience()).close();
        listener.accept(patience(), () -> true).orElseThrow().close();
      }
      for (int i = 0; i < 20; i++) {
        assertThrows(IOException.class, () -> UnixSocket.connect(directory, "missing", patience()));
      }
      long after = openDescriptors();
      assertTrue(after < before + 20, before + " descriptors before, " + after + " after");
    }
  }

  private static long openDescriptors() throws IOException {
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.count();
    }
  }

  private static ByteBuffer read(UnixSocket socket, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining()) {
      if (socket.read(buffer, patience()) < 0) {
        throw new AssertionError("the end after " + buffer.position() + " bytes");
      }
    }
    return buffer.flip();
  }

  private static Deadline patience() {
    return Deadline.in(Duration.ofSeconds(20));
  }
}
