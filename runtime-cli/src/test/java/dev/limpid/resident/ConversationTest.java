package dev.limpid.resident;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.DeclinedException;
import dev.limpid.proto.socket.UnixSocket;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a caller hears, and what is done for it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ConversationTest {
  private static final Verbs NONE =
      (request, transcript, waiting) -> {
        throw new AssertionError("it is done");
      };

  @TempDir private Path folder;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private ServerSocketChannel listener;
  private TestCaller caller;

  @BeforeEach
  void listen() throws IOException {
    Path socket = folder.resolve("socket");
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(socket));
    caller = TestCaller.of(socket);
  }

  @AfterEach
  void end() throws IOException {
    caller.close();
    listener.close();
    thread.shutdownNow();
  }

  private Future<Boolean> hold(Verbs verbs) {
    return thread.submit(
        () -> {
          try (SocketChannel accepted = listener.accept();
              UnixSocket socket = UnixSocket.of(accepted)) {
            return new Conversation(socket).hold(TestCaller.IDENTITY, verbs);
          }
        });
  }

  @Test
  void aCallIsAnswered() throws Exception {
    Future<Boolean> held =
        hold(
            (request, transcript, waiting) -> {
              transcript.out().print("out");
              return waiting.getAsBoolean() ? 7 : 8;
            });
    caller.asks();
    assertEquals("T", caller.hears());
    caller.says("G");
    assertEquals("A\7\0\0\0\10\1\0\0\0\3out", caller.hearsAll());
    assertTrue(held.get());
  }

  @Test
  void anothersIsNot() throws Exception {
    Future<Boolean> held = hold(NONE);
    caller.asksAs("2 /");
    assertEquals("R", caller.hearsAll());
    assertFalse(held.get());
  }

  @Test
  void whoDoesNotGoOnInTimeHearsThatNothingIsDone() throws Exception {
    Future<Boolean> held = hold(NONE);
    caller.asks();
    assertEquals("TD", caller.hearsAll());
    assertTrue(held.get());
  }

  @Test
  void aVerbSeesThatItsCallerHasGone() throws Exception {
    Future<Boolean> held =
        hold(
            (request, transcript, waiting) -> {
              while (waiting.getAsBoolean()) {
                Thread.onSpinWait();
              }
              throw new DeclinedException("gone");
            });
    caller.asks();
    assertEquals("T", caller.hears());
    caller.says("G");
    caller.close();
    assertThrows(ExecutionException.class, held::get);
  }

  @Test
  void toItsCallerAnErrorIsTheEnd() throws Exception {
    Future<Boolean> held =
        hold(
            (request, transcript, waiting) -> {
              transcript.out().print("half of it");
              throw new OutOfMemoryError("of a test");
            });
    caller.asks();
    assertEquals("T", caller.hears());
    caller.says("G");
    assertEquals("", caller.hearsAll());
    ExecutionException failure = assertThrows(ExecutionException.class, held::get);
    assertEquals(OutOfMemoryError.class, failure.getCause().getClass());
  }
}
