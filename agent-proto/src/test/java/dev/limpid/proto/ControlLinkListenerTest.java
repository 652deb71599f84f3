package dev.limpid.proto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.proto.frame.Frame;
import dev.limpid.proto.frame.FrameKind;
import dev.limpid.proto.frame.Hello;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ControlLinkListenerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(50);

  @TempDir Path directory;

  @Test
  void aContainerIsCreated() throws Exception {
    try (ControlLinkListener listener = ControlLinkListener.open(directory, "create.sock")) {
      FakeShim shim =
          FakeShim.connecting(
              directory,
              peer -> {
                peer.send(Hello.OURS.toFrame());
                assertEquals(Hello.OURS, Hello.of(peer.readHello()));
                peer.send(FakeShim.launched(4711, 4712));
                assertTrue(peer.readRequest(1).contains("\"method\":\"prepare\""));
                assertTrue(peer.readRequest(2).contains("\"method\":\"create\""));
                peer.send(FakeShim.result(1, "{}"), FakeShim.result(2, "{\"pid\":17}"));
                assertEquals(FrameKind.COMMIT, peer.read().kind());
                peer.send(Frame.bare(FrameKind.COMMITTED));
                peer.expectEnd();
              });
      try (shim;
          ControlLink link = listener.accept(PATIENCE)) {
        assertEquals(
            new Launched(OptionalInt.of(4711), OptionalInt.of(4712)), link.awaitLaunched(PATIENCE));
        PendingRequest prepare = link.send(Requests.prepare());
        PendingRequest create = link.send(new CreateRequest("{}", Optional.empty()));
        assertEquals(JsonObject.empty(), link.await(prepare, PATIENCE));
        assertEquals("{\"pid\":17}", link.await(create, PATIENCE).toString());
        link.commit(PATIENCE);
      }
    }
  }

  @Test
  void letsTheShimSpeakFirst() throws Exception {
    try (ControlLinkListener listener = ControlLinkListener.open(directory, "create.sock")) {
      FakeShim shim = FakeShim.connecting(directory, FakeShim::expectEnd);
      SocketTimeoutException late =
          FakeShim.thrown(SocketTimeoutException.class, shim, () -> listener.accept(SHORT));
      assertEquals("limpid-shim: the shim's version has not come within 50 ms", late.getMessage());
    }
  }

  @Test
  void tellsItsVersionsBeforeItEndsALinkThatHasNoneInCommon() throws Exception {
    try (ControlLinkListener listener = ControlLinkListener.open(directory, "create.sock")) {
      FakeShim shim =
          FakeShim.connecting(
              directory,
              peer -> {
                peer.send(new Hello(2, 7, 1024).toFrame());
                assertEquals(Hello.OURS, Hello.of(peer.readHello()));
                peer.expectEnd();
              });
      IOException mismatch =
          FakeShim.thrown(IOException.class, shim, () -> listener.accept(PATIENCE));
      assertEquals(
          "limpid-shim speaks versions 2 to 7 of the protocol, this program 1 to 1",
          mismatch.getMessage());
    }
  }

  @Test
  void hearsOfALaunchThatFailedAtOnce() throws Exception {
    try (ControlLinkListener listener = ControlLinkListener.open(directory, "create.sock")) {
      FakeShim shim =
          FakeShim.connecting(
              directory,
              peer -> {
                peer.send(
                    Hello.OURS.toFrame(), FakeShim.failure(0, "system", "no /dev/kvm\\u001b"));
                peer.readToTheEnd();
              });
      LinkFailureException failed =
          FakeShim.thrown(LinkFailureException.class, shim, () -> listener.accept(PATIENCE));
      assertEquals("system", failed.code());
      assertEquals("no /dev/kvm\ufffd", failed.getMessage());
    }
  }

  @Test
  void saysThatTheShimDoesNotCome() throws Exception {
    try (ControlLinkListener listener = ControlLinkListener.open(directory, "create.sock")) {
      SocketTimeoutException late =
          assertThrows(SocketTimeoutException.class, () -> listener.accept(SHORT, () -> true));
      assertEquals("limpid-shim has not connected within 50 ms", late.getMessage());
    }
  }

  @Test
  void doesNotWaitForADeadShim() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (ControlLinkListener listener = ControlLinkListener.open(directory, "create.sock")) {
      IOException dead =
          assertThrows(
              IOException.class,
              () -> listener.accept(PATIENCE, () -> asked.incrementAndGet() < 4));
      assertEquals("limpid-shim has ended before it connected", dead.getMessage());
      assertEquals(4, asked.get());
    }
  }

  @Test
  void hearsTheLastWordsOfAShimThatIsDeadAlready() throws Exception {
    try (ControlLinkListener listener = ControlLinkListener.open(directory, "create.sock")) {
      FakeShim.connecting(
              directory,
              peer -> peer.send(Hello.OURS.toFrame(), FakeShim.failure(0, "vm", "too bad")))
          .close();
      LinkFailureException failed =
          assertThrows(LinkFailureException.class, () -> listener.accept(PATIENCE, () -> false));
      assertEquals("too bad", failed.getMessage());
    }
  }

  @Test
  void saysThatTheShimHasGoneWithoutAWord() throws Exception {
    try (ControlLinkListener listener = ControlLinkListener.open(directory, "create.sock")) {
      FakeShim.connecting(directory, peer -> {}).close();
      IOException ended = assertThrows(IOException.class, () -> listener.accept(PATIENCE));
      assertEquals(
          "limpid-shim has closed the connection; the shim's version was expected",
          ended.getMessage());
    }
  }

  @Test
  void listensWhereThePathIsTooLongForAnAddress() throws Exception {
    LongDirectory place = LongDirectory.below(directory);
    Path socket = place.path().resolve("create.sock");
    try (ControlLinkListener listener = ControlLinkListener.open(place.path(), "create.sock")) {
      assertTrue(Files.exists(socket));
      FakeShim shim = shimThatLaunches(place.alias());
      try (shim;
          ControlLink link = listener.accept(PATIENCE)) {
        assertEquals(OptionalInt.of(7), link.awaitLaunched(PATIENCE).qemuPid());
      }
    }
    assertFalse(Files.exists(socket));
  }

  @Test
  void takesThePlaceOfASocketThatADeadVerbHasLeft() throws Exception {
    Path socket = directory.resolve("create.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(socket));
    }
    assertTrue(Files.exists(socket));
    assertIsListenedTo();
  }

  @Test
  void takesThePlaceOfAFile() throws Exception {
    Files.writeString(directory.resolve("create.sock"), "x");
    assertIsListenedTo();
  }

  @Test
  void isGoneWhenItIsClosedAndItsLinksAreNot() throws Exception {
    ControlLinkListener listener = ControlLinkListener.open(directory, "create.sock");
    FakeShim shim =
        FakeShim.connecting(
            directory,
            peer -> {
              peer.send(Hello.OURS.toFrame());
              peer.readHello();
              peer.readRequest(1);
              peer.send(FakeShim.result(1, "{}"));
            });
    try (shim;
        ControlLink link = listener.accept(PATIENCE)) {
      listener.close();
      assertFalse(Files.exists(directory.resolve("create.sock")));
      assertEquals(JsonObject.empty(), link.call(new StartRequest(), PATIENCE));
      listener.close();
    }
  }

  @Test
  void namesTheSocketThatItCannotMake() {
    Path missing = directory.resolve("missing");
    IOException failed =
        assertThrows(IOException.class, () -> ControlLinkListener.open(missing, "create.sock"));
    assertEquals(
        missing + "/create.sock: cannot listen: No such file or directory", failed.getMessage());
  }

  private static FakeShim shimThatLaunches(Path directory) {
    return FakeShim.connecting(
        directory,
        peer -> {
          peer.send(Hello.OURS.toFrame());
          peer.readHello();
          peer.send(FakeShim.launched(7, 0));
        });
  }

  private void assertIsListenedTo() throws IOException {
    try (ControlLinkListener listener = ControlLinkListener.open(directory, "create.sock")) {
      FakeShim shim = shimThatLaunches(directory);
      try (shim;
          ControlLink link = listener.accept(PATIENCE)) {
        assertEquals(OptionalInt.of(7), link.awaitLaunched(PATIENCE).qemuPid());
      }
    }
    assertFalse(Files.exists(directory.resolve("create.sock")));
  }
}
