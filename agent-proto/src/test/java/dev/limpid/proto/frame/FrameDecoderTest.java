package dev.limpid.proto.frame;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameDecoderTest {
  private static final int SMALLEST_BUFFER = 4 << 10;

  @Test
  void announcedLengthAloneTakesNoMemory() throws BadFrameException {
    FrameDecoder decoder = new FrameDecoder(Direction.TO_SHIM);

    put(decoder, hex("000080001000000007000000"));

    assertEquals(Optional.empty(), decoder.next());
    assertEquals(SMALLEST_BUFFER, decoder.space().capacity());
  }

  @ParameterizedTest
  @CsvSource({
    "TO_AGENT,   REQUEST, 7, 16777216",
    "TO_SHIM,    REQUEST, 7, 16777216",
    "FROM_AGENT, RESULT,  7, 2097152",
    "FROM_SHIM,  RESULT,  7, 2097152"
  })
  void longestFramesStayWithinTheBound(Direction direction, FrameKind kind, int request, int bound)
      throws BadFrameException {
    ByteBuffer one =
        FrameCodec.encode(Frame.of(kind, 0, 0, request, new byte[kind.longest()]), direction);
    ByteBuffer three = ByteBuffer.allocate(3 * one.remaining());
    three.put(one.duplicate()).put(one.duplicate()).put(one.duplicate()).flip();
    FrameDecoder decoder = new FrameDecoder(direction);
    int largest = 0;
    int frames = 0;

    while (three.hasRemaining()) {
      FrameDecoderDriver.put(decoder, three, Integer.MAX_VALUE);
      Optional<Frame> frame = decoder.next();
      while (frame.isPresent()) {
        frames++;
        frame = decoder.next();
      }
      largest = Math.max(largest, decoder.space().capacity());
    }

    assertEquals(3, frames);
    assertTrue(largest > kind.longest() && largest <= bound, largest + " bytes");
    assertEquals(SMALLEST_BUFFER, decoder.space().capacity(), "kept when it is over");
  }

  @Test
  void brokenStaysBroken() {
    FrameDecoder decoder = new FrameDecoder(Direction.TO_SHIM);
    put(decoder, hex("00000000ff00000000000000"));
    BadFrameException first = assertThrows(BadFrameException.class, decoder::next);

    put(decoder, hex("000000004100000000000000"));

    assertSame(first, assertThrows(BadFrameException.class, decoder::next));
    assertEquals(FrameDefect.KIND, first.defect());
  }

  @Test
  void framesBeforeABadOneAreGivenOut() throws BadFrameException {
    FrameDecoder decoder = new FrameDecoder(Direction.TO_SHIM);
    put(decoder, hex("000000004100000000000000" + "00000000ff00000000000000"));

    assertEquals(FrameKind.COMMIT, decoder.next().orElseThrow().kind());
    assertThrows(BadFrameException.class, decoder::next);
  }

  @Test
  void exceptionShowsTheHeader() {
    FrameDecoder decoder = new FrameDecoder(Direction.FROM_SHIM);
    put(decoder, hex("ffffffff1101ff0ffeffffff"));

    BadFrameException bad = assertThrows(BadFrameException.class, decoder::next);

    assertEquals(
        "broken protocol: bad length in a frame"
            + " (kind 0x11, length 4294967295, stream 1, process 4095, request 4294967294)",
        bad.getMessage());
  }

  @Test
  void isIdleOnlyBetweenFrames() throws BadFrameException {
    FrameDecoder decoder = new FrameDecoder(Direction.TO_SHIM);
    assertTrue(decoder.isIdle());

    put(decoder, hex("0000000041"));
    assertEquals(Optional.empty(), decoder.next());
    assertFalse(decoder.isIdle());

    put(decoder, hex("00000000000000" + "00"));
    assertTrue(decoder.next().isPresent());
    assertFalse(decoder.isIdle());
  }

  @Test
  void framesKeepTheirPayloadWhenTheBufferIsUsedAgain() throws BadFrameException {
    FrameDecoder decoder = new FrameDecoder(Direction.TO_SHIM);
    put(decoder, hex("030000002000000000000000" + "616263"));
    Frame frame = decoder.next().orElseThrow();

    put(decoder, hex("030000002000000000000000" + "787878"));
    frame.payload()[0] = 'y';

    assertArrayEquals(new byte[] {'a', 'b', 'c'}, frame.payload());
  }

  private static void put(FrameDecoder decoder, byte[] bytes) {
    FrameDecoderDriver.put(decoder, ByteBuffer.wrap(bytes), bytes.length);
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits);
  }
}
