package dev.limpid.proto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.proto.frame.BadFrameException;
import dev.limpid.proto.frame.Frame;
import dev.limpid.proto.frame.FrameDefect;
import dev.limpid.proto.frame.FrameKind;
import dev.limpid.proto.frame.Hello;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ControlLinkTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final StartRequest START = new StartRequest();
  private static final KillRequest KILL = new KillRequest(15, false);

  @TempDir Path directory;

  // The version exchange

  @Test
  void speaksFirst() throws Exception {
    List<Hello> heard = new ArrayList<>();
    FakeShim shim =
        FakeShim.listening(
            directory,
            peer -> {
              heard.add(Hello.of(peer.readHello()));
              peer.send(Hello.OURS.toFrame());
              peer.expectEnd();
            });
    try (shim) {
      connect().close();
    }
    assertEquals(List.of(Hello.OURS), heard);
  }

  @ParameterizedTest
  @CsvSource({"1, 9, 1024", "1, 1, 1048576"})
  void takesEveryRangeThatIncludesItsOwn(int lowest, int highest, int credit) throws Exception {
    Hello theirs = new Hello(lowest, highest, credit);
    FakeShim shim =
        FakeShim.listening(
            directory,
            peer -> {
              peer.readHello();
              peer.send(theirs.toFrame());
              peer.readRequest(1);
              peer.send(FakeShim.result(1, "{}"));
            });
    try (shim;
        ControlLink link = connect()) {
      assertEquals(JsonObject.empty(), link.call(START, PATIENCE));
    }
  }

  static List<ByteBuffer> whatMayFollowAHello() {
    return List.of(
        FakeShim.bytes(),
        FakeShim.bytes(FakeShim.failure(0, "invalid", "versions 1 to 1 are not spoken here")),
        ByteBuffer.wrap(new byte[] {0, 0, 0, 0, 0x77, 0, 0, 0, 0, 0, 0, 0}));
  }

  @ParameterizedTest
  @MethodSource("whatMayFollowAHello")
  void namesBothRangesIfNoVersionIsCommon(ByteBuffer following) throws Exception {
    ByteBuffer hello = FakeShim.bytes(new Hello(2, 3, 1024).toFrame());
    ByteBuffer all = ByteBuffer.allocate(hello.remaining() + following.remaining());
    all.put(hello).put(following.duplicate()).flip();
    IOException mismatch =
        FakeShim.thrown(
            IOException.class,
            FakeShim.listening(
                directory,
                peer -> {
                  peer.readHello();
                  peer.send(all);
                  peer.expectEnd();
                }),
            this::connect);
    assertEquals(
        "limpid-shim speaks versions 2 to 3 of the protocol, this program 1 to 1",
        mismatch.getMessage());
  }

  @Test
  void refusesAnythingBeforeHello() throws Exception {
    IOException refused =
        FakeShim.thrown(
            IOException.class,
            FakeShim.listening(
                directory,
                peer -> {
                  peer.readHello();
                  peer.send(FakeShim.launched(1, 0));
                  peer.expectEnd();
                }),
            this::connect);
    assertEquals(
        "broken protocol: limpid-shim has sent an unexpected LAUNCHED, 8 bytes",
        refused.getMessage());
  }

  @Test
  void hearsAFailureBeforeHello() throws Exception {
    LinkFailureException failed =
        FakeShim.thrown(
            LinkFailureException.class,
            FakeShim.listening(
                directory,
                peer -> {
                  peer.readHello();
                  peer.send(FakeShim.failure(0, "invalid", "go away"));
                }),
            this::connect);
    assertEquals("invalid", failed.code());
    assertEquals("go away", failed.getMessage());
  }

  @Test
  void refusesASecondHello() throws Exception {
    converse(
        peer -> peer.send(Hello.OURS.toFrame()),
        link -> {
          assertUnexpected("HELLO, 12 bytes", link);
        });
  }

  // Connecting

  @Test
  void namesTheSocketThatIsNotThere() throws Exception {
    IOException failed = assertThrows(IOException.class, this::connect);

    assertEquals(
        directory + "/shim.sock: cannot connect: No such file or directory", failed.getMessage());
  }

  @Test
  void namesTheSocketThatADeadShimHasLeft() throws Exception {
    FakeShim.listen(directory).close();

    IOException failed = assertThrows(IOException.class, this::connect);

    assertEquals(directory + "/shim.sock: cannot connect: Connection refused", failed.getMessage());
  }

  @Test
  void connectsWhereThePathIsTooLongForAnAddress() throws Exception {
    LongDirectory place = LongDirectory.below(directory);
    FakeShim shim =
        FakeShim.listening(
            place.alias(),
            peer -> {
              peer.greet();
              peer.readRequest(1);
              peer.send(FakeShim.result(1, "{}"));
            });
    try (shim;
        ControlLink link = ControlLink.connect(place.path(), PATIENCE)) {
      assertEquals(JsonObject.empty(), link.call(START, PATIENCE));
    }
  }

  @Test
  void namesALongDirectoryThatIsNotThere() throws Exception {
    Path missing = LongDirectory.below(directory).path().resolve("missing");

    IOException failed =
        assertThrows(IOException.class, () -> ControlLink.connect(missing, PATIENCE));

    assertEquals(missing + "/shim.sock: cannot connect: no such directory", failed.getMessage());
  }

  @Test
  void namesTheSocketWhoseShimDoesNotAccept() throws Exception {
    List<SocketChannel> waiting = new ArrayList<>();
    try (ServerSocketChannel full = FakeShim.listen(directory)) {
      fill(waiting);
      SocketTimeoutException late =
          assertThrows(SocketTimeoutException.class, () -> ControlLink.connect(directory, SHORT));

      assertTrue(full.isOpen());
      assertEquals(directory + "/shim.sock: not accepted within 50 ms", late.getMessage());
    } finally {
      close(waiting);
    }
  }

  @Test
  void waitsUntilAShimThatIsBusyAccepts() throws Exception {
    List<SocketChannel> waiting = new ArrayList<>();
    try (ServerSocketChannel full = FakeShim.listen(directory)) {
      fill(waiting);
      FakeShim shim =
          FakeShim.accepting(
              full,
              waiting.size(),
              peer -> {
                peer.greet();
                peer.expectEnd();
              });
      try (shim) {
        connect().close();
      }
    } finally {
      close(waiting);
    }
  }

  @Test
  void namesTheVersionThatDoesNotCome() throws Exception {
    SocketTimeoutException late =
        FakeShim.thrown(
            SocketTimeoutException.class,
            FakeShim.listening(
                directory,
                peer -> {
                  peer.readHello();
                  peer.expectEnd();
                }),
            () -> ControlLink.connect(directory, SHORT));
    assertEquals("limpid-shim: the shim's version has not come within 50 ms", late.getMessage());
  }

  // Launching and committing

  @ParameterizedTest
  @CsvSource({"4711, 4712", "2147483647, 2147483647", "1, 0", "0, 1"})
  void hearsOfTheLaunch(int qemu, int virtiofsd) throws Exception {
    converse(
        peer -> peer.send(FakeShim.launched(qemu, virtiofsd)),
        link -> {
          Launched launched = link.awaitLaunched(PATIENCE);
          assertEquals(qemu == 0 ? OptionalInt.empty() : OptionalInt.of(qemu), launched.qemuPid());
          assertEquals(
              virtiofsd == 0 ? OptionalInt.empty() : OptionalInt.of(virtiofsd),
              launched.virtiofsdPid());
          assertEquals(launched, link.awaitLaunched(SHORT), "known already");
        });
  }

  @Test
  void refusesASecondLaunch() throws Exception {
    converse(
        peer -> peer.send(FakeShim.launched(1, 2), FakeShim.launched(1, 2)),
        link -> {
          IOException refused = assertThrows(IOException.class, () -> link.awaitLaunched(PATIENCE));
          assertEquals(
              "broken protocol: limpid-shim has sent an unexpected LAUNCHED, 8 bytes",
              refused.getMessage());
        });
  }

  @Test
  void commits() throws Exception {
    converse(
        peer -> {
          assertEquals(FrameKind.COMMIT, peer.read().kind());
          peer.send(Frame.bare(FrameKind.COMMITTED));
          peer.expectEnd();
        },
        link -> {
          link.commit(PATIENCE);
        });
  }

  @Test
  void commitsOnceEvenIfItIsWaitedForTwice() throws Exception {
    converse(
        peer -> {
          assertEquals(FrameKind.COMMIT, peer.read().kind());
          // Sent when the verb has given up for the first time
          peer.readRequest(1);
          peer.send(Frame.bare(FrameKind.COMMITTED));
          peer.expectEnd();
        },
        link -> {
          SocketTimeoutException late =
              assertThrows(SocketTimeoutException.class, () -> link.commit(SHORT));
          assertEquals(
              "limpid-shim: the shim's word that the container is on its own has not come within 50 ms",
              late.getMessage());
          assertEquals(1, link.send(START).number());
          link.commit(PATIENCE);
        });
  }

  @Test
  void refusesTheAnswerToACommitThatWasNotSent() throws Exception {
    converse(
        peer -> peer.send(Frame.bare(FrameKind.COMMITTED)),
        link -> {
          assertUnexpected("COMMITTED, 0 bytes", link);
        });
  }

  // Watching

  @Test
  void watchesAsOftenAsIsAsked() throws Exception {
    converse(
        peer -> {
          for (int i = 0; i < 2; i++) {
            Frame frame = peer.read();
            assertEquals(FrameKind.WATCH, frame.kind());
            assertEquals(0, frame.request());
            peer.send(Frame.bare(FrameKind.WATCHING));
          }
          peer.expectEnd();
        },
        link -> {
          link.watch(PATIENCE);
          link.watch(PATIENCE);
        });
  }

  @Test
  void asksToWatchOnceEvenIfItIsWaitedForTwice() throws Exception {
    converse(
        peer -> {
          assertEquals(FrameKind.WATCH, peer.read().kind());
          // Sent when the verb has given up for the first time
          peer.readRequest(1);
          peer.send(Frame.bare(FrameKind.WATCHING));
          peer.expectEnd();
        },
        link -> {
          SocketTimeoutException late =
              assertThrows(SocketTimeoutException.class, () -> link.watch(SHORT));
          assertEquals(
              "limpid-shim: the shim's word that it watches the network has not come within 50 ms",
              late.getMessage());
          assertEquals(1, link.send(START).number());
          link.watch(PATIENCE);
        });
  }

  @Test
  void tellsWhyThereIsNoWatching() throws Exception {
    converse(
        peer -> {
          assertEquals(FrameKind.WATCH, peer.read().kind());
          peer.send(FakeShim.failure(0, "state", "nothing to refresh"));
        },
        link -> {
          LinkFailureException refused =
              assertThrows(LinkFailureException.class, () -> link.watch(PATIENCE));
          assertTrue(refused.getMessage().contains("nothing to refresh"), refused.getMessage());
        });
  }

  @Test
  void refusesAWatchingThatWasNotAskedFor() throws Exception {
    converse(
        peer -> {
          assertEquals(FrameKind.WATCH, peer.read().kind());
          peer.send(Frame.bare(FrameKind.WATCHING), Frame.bare(FrameKind.WATCHING));
        },
        link -> {
          IOException refused =
              assertThrows(
                  IOException.class,
                  () -> {
                    link.watch(PATIENCE);
                    link.call(START, PATIENCE);
                  });
          assertEquals(
              "broken protocol: limpid-shim has sent an unexpected WATCHING, 0 bytes",
              refused.getMessage());
        });
  }

  // Refreshing the root filesystem

  @Test
  void refreshesTheRootAsOftenAsIsAsked() throws Exception {
    converse(
        peer -> {
          for (int i = 0; i < 2; i++) {
            Frame frame = peer.read();
            assertEquals(FrameKind.REFRESH_ROOT, frame.kind());
            assertEquals(0, frame.request());
            peer.send(Frame.bare(FrameKind.ROOT_REFRESHED));
          }
          peer.expectEnd();
        },
        link -> {
          link.refreshRoot(PATIENCE);
          link.refreshRoot(PATIENCE);
        });
  }

  @Test
  void doesNotWaitForARefreshForEver() throws Exception {
    converse(
        peer -> {
          assertEquals(FrameKind.REFRESH_ROOT, peer.read().kind());
          peer.expectEnd();
        },
        link -> {
          SocketTimeoutException late =
              assertThrows(SocketTimeoutException.class, () -> link.refreshRoot(SHORT));
          assertEquals(
              "limpid-shim: the shim's word that the root filesystem is up to date has not come"
                  + " within 50 ms",
              late.getMessage());
        });
  }

  @Test
  void refusesARefreshThatWasNotAskedFor() throws Exception {
    converse(
        peer -> peer.send(Frame.bare(FrameKind.ROOT_REFRESHED)),
        link -> assertUnexpected("ROOT_REFRESHED, 0 bytes", link));
  }

  // Requests

  @Test
  void sendsRequestsWithTheirNumbers() throws Exception {
    List<String> heard = new ArrayList<>();
    converse(
        peer -> {
          for (int number = 1; number <= 3; number++) {
            heard.add(peer.readRequest(number));
            peer.send(FakeShim.result(number, "{\"pid\":" + number + "}"));
          }
        },
        link -> {
          assertEquals("{\"pid\":1}", link.call(START, PATIENCE).toString());
          assertEquals("{\"pid\":2}", link.call(KILL, PATIENCE).toString());
          assertEquals("{\"pid\":3}", link.call(START, PATIENCE).toString());
        });
    assertEquals(
        List.of(
            "{\"method\":\"start\"}",
            "{\"method\":\"kill\",\"signal\":15}",
            "{\"method\":\"start\"}"),
        heard);
  }

  @Test
  void throwsTheAgentsFailureAndGoesOn() throws Exception {
    converse(
        peer -> {
          peer.readRequest(1);
          peer.send(FakeShim.failure(1, "no-process", "is \\u001b[31mgone\\r\\n"));
          peer.readRequest(2);
          peer.send(FakeShim.result(2, "{}"));
        },
        link -> {
          AgentFailureException failed =
              assertThrows(AgentFailureException.class, () -> link.call(KILL, PATIENCE));
          assertEquals("no-process", failed.code());
          assertEquals("is \ufffd[31mgone\n", failed.getMessage());
          assertEquals(JsonObject.empty(), link.call(START, PATIENCE));
        });
  }

  @Test
  void answersMayComeInAnyOrder() throws Exception {
    converse(
        peer -> {
          peer.readRequest(1);
          peer.readRequest(2);
          peer.readRequest(3);
          peer.send(
              FakeShim.result(3, "{\"n\":3}"),
              FakeShim.failure(1, "state", "one"),
              FakeShim.launched(7, 0));
          peer.send(FakeShim.result(2, "{\"n\":2}"));
        },
        link -> {
          PendingRequest one = link.send(START);
          PendingRequest two = link.send(KILL);
          PendingRequest three = link.send(START);

          assertEquals("{\"n\":2}", link.await(two, PATIENCE).toString());
          assertEquals(
              "one",
              assertThrows(AgentFailureException.class, () -> link.await(one, PATIENCE))
                  .getMessage());
          assertEquals("{\"n\":3}", link.await(three, PATIENCE).toString());
          assertEquals(OptionalInt.of(7), link.awaitLaunched(PATIENCE).qemuPid());
        });
  }

  @Test
  void framesMayComeInAnyPieces() throws Exception {
    converse(
        peer -> {
          peer.readRequest(1);
          ByteBuffer bytes =
              FakeShim.bytes(
                  FakeShim.json(FrameKind.EVENT, 0, "{\"event\":\"x\"}"),
                  FakeShim.result(1, "{\"text\":\"" + "a".repeat(9000) + "\"}"));
          while (bytes.hasRemaining()) {
            int count = Math.min(bytes.remaining(), 1 + bytes.position() % 700);
            peer.send(bytes.slice(bytes.position(), count));
            bytes.position(bytes.position() + count);
          }
        },
        link -> {
          JsonObject answer = link.call(START, PATIENCE);
          assertEquals("{\"text\":\"" + "a".repeat(9000) + "\"}", answer.toString());
        });
  }

  @Test
  void waitsAgainAfterATimeout() throws Exception {
    converse(
        peer -> {
          peer.readRequest(1);
          // Sent when the verb has given up for the first time
          peer.readRequest(2);
          peer.send(FakeShim.result(1, "{\"n\":1}"));
        },
        link -> {
          PendingRequest first = link.send(new CreateRequest("{}", Optional.empty()));
          SocketTimeoutException late =
              assertThrows(SocketTimeoutException.class, () -> link.await(first, SHORT));
          assertEquals(
              "limpid-shim: the answer to create has not come within 50 ms", late.getMessage());
          assertEquals(2, link.send(START).number());
          assertEquals("{\"n\":1}", link.await(first, PATIENCE).toString());
        });
  }

  @Test
  void namesTheLaunchThatDoesNotCome() throws Exception {
    converse(
        FakeShim::expectEnd,
        link -> {
          SocketTimeoutException late =
              assertThrows(SocketTimeoutException.class, () -> link.awaitLaunched(SHORT));
          assertEquals(
              "limpid-shim: the start of the virtual machine has not come within 50 ms",
              late.getMessage());
        });
  }

  @Test
  void waitsOnlyForWhatIsUnderWay() throws Exception {
    converse(
        peer -> {
          peer.readRequest(1);
          peer.send(FakeShim.result(1, "{}"));
        },
        link -> {
          PendingRequest foreign = new PendingRequest(5, "start");
          assertThrows(IllegalArgumentException.class, () -> link.await(foreign, PATIENCE));
          PendingRequest own = link.send(START);
          assertEquals(JsonObject.empty(), link.await(own, PATIENCE));
          assertThrows(IllegalArgumentException.class, () -> link.await(own, PATIENCE));
        });
  }

  @Test
  void hasABoundOnRequestsUnderWay() throws Exception {
    converse(
        peer -> {
          for (int number = 1; number <= 64; number++) {
            peer.readRequest(number);
          }
          peer.send(FakeShim.result(64, "{}"));
          peer.readRequest(65);
        },
        link -> {
          PendingRequest last = link.send(START);
          for (int number = 2; number <= 64; number++) {
            last = link.send(START);
          }
          assertThrows(IllegalStateException.class, () -> link.send(START));
          assertEquals(JsonObject.empty(), link.await(last, PATIENCE));
          assertEquals(65, link.send(START).number());
        });
  }

  @Test
  void sendsRequestsOfEightMebibytesAndNoLongerOnes() throws Exception {
    int around = "{'method':'create','config':''}".length();
    String longest = "x".repeat((8 << 20) - around);
    converse(
        peer -> {
          int length = peer.readRequest(1).length();
          peer.send(FakeShim.result(1, "{\"length\":" + length + "}"));
        },
        link -> {
          CreateRequest tooLong = new CreateRequest(longest + "x", Optional.empty());
          IllegalArgumentException refused =
              assertThrows(IllegalArgumentException.class, () -> link.send(tooLong));
          assertEquals("create: a request of 8388609 bytes is too long", refused.getMessage());
          JsonObject answer = link.call(new CreateRequest(longest, Optional.empty()), PATIENCE);
          assertEquals("{\"length\":8388608}", answer.toString());
        });
  }

  // A shim that breaks the protocol

  static List<Frame> unexpectedFrames() {
    return List.of(
        Frame.of(FrameKind.DATA, 1, 0, 0, new byte[] {'x'}),
        Frame.of(FrameKind.EOF, 2, 0, 0, new byte[0]),
        FakeShim.numbers(FrameKind.CREDIT, 0, 0, 1),
        Frame.of(FrameKind.CLOSED, 0, 0, 0, new byte[0]),
        FakeShim.numbers(FrameKind.EXITED, 0, 0, 0, 0),
        Frame.of(FrameKind.ATTACHED, 0, 1, 0, new byte[0]),
        Frame.bare(FrameKind.WATCHING),
        FakeShim.result(2, "{}"),
        FakeShim.failure(-1, "state", "m"));
  }

  @ParameterizedTest
  @MethodSource("unexpectedFrames")
  void refusesFramesThatNoVerbWaitsFor(Frame frame) throws Exception {
    converse(
        peer -> {
          peer.readRequest(1);
          peer.send(frame);
        },
        link -> {
          PendingRequest request = link.send(START);
          IOException refused =
              assertThrows(IOException.class, () -> link.await(request, PATIENCE));
          assertEquals(
              "broken protocol: limpid-shim has sent an unexpected " + frame, refused.getMessage());
        });
  }

  @Test
  void refusesASecondAnswer() throws Exception {
    converse(
        peer -> {
          peer.readRequest(1);
          peer.send(FakeShim.result(1, "{}"), FakeShim.failure(1, "state", "m"));
        },
        link -> {
          PendingRequest request = link.send(START);
          IOException refused =
              assertThrows(IOException.class, () -> link.await(request, PATIENCE));
          assertTrue(
              refused.getMessage().contains("unexpected FAILURE of request 1"),
              refused.getMessage());
        });
  }

  @Test
  void refusesAnAnswerToWhatIsAnswered() throws Exception {
    converse(
        peer -> {
          peer.readRequest(1);
          peer.send(FakeShim.result(1, "{}"));
          peer.readRequest(2);
          peer.send(FakeShim.result(1, "{}"));
        },
        link -> {
          assertEquals(JsonObject.empty(), link.call(START, PATIENCE));
          PendingRequest second = link.send(START);
          IOException refused = assertThrows(IOException.class, () -> link.await(second, PATIENCE));
          assertTrue(
              refused.getMessage().contains("unexpected RESULT of request 1"),
              refused.getMessage());
        });
  }

  @ParameterizedTest
  @CsvSource({
    "00000000ff00000000000000, KIND",
    "000000004100000000000000, DIRECTION",
    "ffffffff1100000001000000, LENGTH",
    "080000004000000000000000 0000000000000000, PAYLOAD"
  })
  void refusesFramesThatAreNone(String hex, FrameDefect defect) throws Exception {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    converse(
        peer -> peer.send(ByteBuffer.wrap(bytes)),
        link -> {
          BadFrameException refused =
              assertThrows(BadFrameException.class, () -> link.awaitLaunched(PATIENCE));
          assertEquals(defect, refused.defect());
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "\"\"", "{}x", "{ ", "  ", "{\"a\":1,\"a\":1}"})
  void refusesResultsThatAreNoObjects(String json) throws Exception {
    converse(
        peer -> {
          peer.readRequest(1);
          peer.send(FakeShim.result(1, json));
        },
        link -> {
          IOException refused = assertThrows(IOException.class, () -> link.call(START, PATIENCE));
          assertTrue(
              refused.getMessage().startsWith("broken protocol: RESULT of start:"),
              refused.getMessage());
        });
  }

  @Test
  void sendsNothingOnALinkThatHasEnded() throws Exception {
    converse(
        peer -> {
          peer.send(Hello.OURS.toFrame());
          peer.expectEnd();
        },
        link -> {
          IOException first = assertThrows(IOException.class, () -> link.awaitLaunched(PATIENCE));
          assertSame(first, assertThrows(IOException.class, () -> link.send(START)));
          assertSame(first, assertThrows(IOException.class, () -> link.commit(PATIENCE)));
          assertSame(first, assertThrows(IOException.class, () -> link.awaitLaunched(PATIENCE)));
        });
  }

  // A shim that fails or goes away

  static List<Arguments> waits() {
    return List.of(
        Arguments.of(
            "the start of the virtual machine", (Wait) link -> link.awaitLaunched(PATIENCE)),
        Arguments.of("the answer to start", (Wait) link -> link.call(START, PATIENCE)),
        Arguments.of(
            "the shim's word that the container is on its own",
            (Wait) link -> link.commit(PATIENCE)),
        Arguments.of(
            "the shim's word that it watches the network", (Wait) link -> link.watch(PATIENCE)));
  }

  @ParameterizedTest
  @MethodSource("waits")
  void throwsTheFailureOfTheLinkWhateverIsWaitedFor(String what, Wait wait) throws Exception {
    converse(
        peer -> {
          peer.send(FakeShim.failure(0, "vm", "QEMU has ended:\\n" + what + "\\u0007"));
          peer.readToTheEnd();
        },
        link -> {
          LinkFailureException failed =
              assertThrows(LinkFailureException.class, () -> wait.on(link));
          assertEquals("vm", failed.code());
          assertEquals("QEMU has ended:\n" + what + "\ufffd", failed.getMessage());
        });
  }

  @ParameterizedTest
  @MethodSource("waits")
  void namesWhatWasExpectedWhenTheShimCloses(String what, Wait wait) throws Exception {
    converse(
        peer -> {
          if (!what.contains("virtual")) {
            peer.read();
          }
        },
        link -> {
          IOException ended = assertThrows(IOException.class, () -> wait.on(link));
          assertEquals(
              "limpid-shim has closed the connection; " + what + " was expected",
              ended.getMessage());
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 11, 12, 13})
  void saysIfTheShimClosesWithinAFrame(int length) throws Exception {
    ByteBuffer cut = FakeShim.bytes(FakeShim.result(1, "{}")).limit(length);
    converse(
        peer -> {
          peer.readRequest(1);
          peer.send(cut);
        },
        link -> {
          IOException ended = assertThrows(IOException.class, () -> link.call(START, PATIENCE));
          assertEquals(
              "limpid-shim has closed the connection within a frame;"
                  + " the answer to start was expected",
              ended.getMessage());
        });
  }

  @Test
  void namesWhatWasExpectedWhenTheShimDiesWithoutHavingReadTheRequest() throws Exception {
    try (FakeShim shim = FakeShim.greeting(directory, peer -> {});
        ControlLink link = connect()) {
      PendingRequest request = link.send(START);
      shim.verbIsConnected();
      shim.join();
      IOException ended = assertThrows(IOException.class, () -> link.await(request, PATIENCE));
      assertTrue(
          ended
              .getMessage()
              .startsWith(
                  "limpid-shim has closed the connection; the answer to start was expected"),
          ended.getMessage());
    }
  }

  @Test
  void findsTheFailureThatCameBeforeTheEnd() throws Exception {
    try (FakeShim shim =
            FakeShim.greeting(
                directory, peer -> peer.send(FakeShim.failure(0, "vm", "it is dead")));
        ControlLink link = connect()) {
      shim.verbIsConnected();
      shim.join();
      LinkFailureException failed =
          assertThrows(LinkFailureException.class, () -> link.send(START));
      assertEquals("it is dead", failed.getMessage());
    }
  }

  @Test
  void namesTheRequestThatADeadShimDoesNotTake() throws Exception {
    try (FakeShim shim = FakeShim.greeting(directory, peer -> {});
        ControlLink link = connect()) {
      shim.verbIsConnected();
      shim.join();
      IOException ended = assertThrows(IOException.class, () -> link.send(START));
      assertTrue(
          ended
              .getMessage()
              .startsWith(
                  "limpid-shim has closed the connection before it took REQUEST of request 1"),
          ended.getMessage());
      assertSame(ended, assertThrows(IOException.class, () -> link.send(START)));
    }
  }

  @Test
  void waitingEndsWhenTheThreadIsInterrupted() throws Exception {
    converse(
        FakeShim::expectEnd,
        link -> {
          Thread.currentThread().interrupt();
          assertThrows(InterruptedIOException.class, () -> link.awaitLaunched(PATIENCE));
          assertTrue(Thread.interrupted(), "the flag stays");
        });
  }

  private interface Wait {
    void on(ControlLink link) throws IOException, AgentFailureException;
  }

  private interface Verb {
    void use(ControlLink link) throws Exception;
  }

  /** What the shim does after the version exchange, and what a verb does meanwhile. */
  private void converse(FakeShim.Script script, Verb verb) throws Exception {
    try (FakeShim shim = FakeShim.greeting(directory, script);
        ControlLink link = connect()) {
      shim.verbIsConnected();
      verb.use(link);
    }
  }

  /** Makes connections until no more can wait to be accepted. */
  private void fill(List<SocketChannel> waiting) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("shim.sock"));
    while (waiting.size() < 100) {
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      channel.configureBlocking(false);
      try {
        channel.connect(address);
      } catch (SocketException full) {
        channel.close();
        return;
      }
      waiting.add(channel);
    }
    throw new AssertionError("never full");
  }

  private static void close(List<SocketChannel> channels) throws IOException {
    for (SocketChannel channel : channels) {
      channel.close();
    }
  }

  private ControlLink connect() throws IOException {
    return ControlLink.connect(directory, PATIENCE);
  }

  private static void assertUnexpected(String frame, ControlLink link) {
    IOException refused = assertThrows(IOException.class, () -> link.awaitLaunched(PATIENCE));
    assertEquals(
        "broken protocol: limpid-shim has sent an unexpected " + frame, refused.getMessage());
  }
}
