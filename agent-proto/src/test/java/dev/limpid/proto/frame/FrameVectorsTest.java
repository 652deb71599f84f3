package dev.limpid.proto.frame;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The Java codec against the vectors that both codecs share. */
class FrameVectorsTest {
  private static final int LARGE = 100_000;
  private static final int SPLIT_EVERYWHERE = 200;
  private static final int RANDOM_SPLITS = 20;

  static List<FrameVector> vectors() {
    return FrameVector.all();
  }

  static Stream<FrameVector> validVectors() {
    return FrameVector.all().stream().filter(FrameVector::isValid);
  }

  /** Those whose header names a kind, so that a frame can be made of them. */
  static Stream<FrameVector> framesThatMayNotBeSent() {
    return FrameVector.all().stream()
        .filter(vector -> vector.isInvalid() && vector.defect() != FrameDefect.KIND)
        .filter(vector -> length(vector.bytes()) <= 9 << 20);
  }

  @Test
  void fileCoversEveryKindAndDefectInEveryDirection() {
    Set<FrameKind> kinds = EnumSet.noneOf(FrameKind.class);
    int partial = 0;
    for (Direction direction : Direction.values()) {
      Set<FrameDefect> defects = EnumSet.noneOf(FrameDefect.class);
      int valid = 0;
      for (FrameVector vector : FrameVector.all()) {
        if (vector.direction != direction) {
          continue;
        }
        if (vector.isValid()) {
          kinds.add(FrameDecoderDriver.kind(vector.bytes()));
          valid++;
        } else if (vector.isInvalid()) {
          defects.add(vector.defect());
        } else {
          partial++;
        }
      }
      assertEquals(EnumSet.allOf(FrameDefect.class), defects, direction.toString());
      assertTrue(valid >= 50, direction + ": " + valid + " valid frames");
    }
    assertEquals(EnumSet.allOf(FrameKind.class), kinds);
    assertTrue(partial >= 40, partial + " partial frames");
    assertTrue(FrameVector.all().size() >= 1000, FrameVector.all().size() + " vectors");
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void inOnePiece(FrameVector vector) {
    assertEquals(vector.verdict, decode(vector, vector.bytes(), () -> Integer.MAX_VALUE));
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void byteByByte(FrameVector vector) {
    byte[] bytes = vector.bytes();
    int step = bytes.length > LARGE ? 997 : 1;
    assertEquals(vector.verdict, decode(vector, bytes, () -> step));
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void splitInTwo(FrameVector vector) {
    byte[] bytes = vector.bytes();
    if (bytes.length <= SPLIT_EVERYWHERE) {
      for (int at = 1; at < bytes.length; at++) {
        int split = at;
        assertEquals(
            vector.verdict, decode(vector, bytes, thenAll(split)), () -> "split at " + split);
      }
    } else {
      assertEquals(vector.verdict, decode(vector, bytes, thenAll(Frame.HEADER_SIZE)));
      assertEquals(vector.verdict, decode(vector, bytes, thenAll(bytes.length - 1)));
    }
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void splitAtRandom(FrameVector vector) {
    byte[] bytes = vector.bytes();
    Random random = new Random(vector.line);
    int most = Math.max(2, bytes.length / 5);
    for (int i = 0; i < (bytes.length > LARGE ? 2 : RANDOM_SPLITS); i++) {
      assertEquals(vector.verdict, decode(vector, bytes, () -> 1 + random.nextInt(most)));
    }
  }

  @ParameterizedTest
  @MethodSource("validVectors")
  void encodesToTheSameBytes(FrameVector vector) throws BadFrameException {
    byte[] bytes = vector.bytes();
    Frame frame =
        Frame.of(
            FrameDecoderDriver.kind(bytes),
            bytes[5],
            header(bytes).getShort(6),
            header(bytes).getInt(8),
            Arrays.copyOfRange(bytes, Frame.HEADER_SIZE, bytes.length));

    ByteBuffer encoded = FrameCodec.encode(frame, vector.direction);

    assertEquals(ByteBuffer.wrap(bytes), encoded);
  }

  @ParameterizedTest
  @MethodSource("framesThatMayNotBeSent")
  void encodesNothingThatADecoderRefuses(FrameVector vector) {
    byte[] bytes = vector.bytes();
    byte[] payload =
        Arrays.copyOfRange(bytes, Frame.HEADER_SIZE, Frame.HEADER_SIZE + (int) length(bytes));
    Frame frame =
        Frame.of(
            FrameDecoderDriver.kind(bytes),
            Byte.toUnsignedInt(bytes[5]),
            Short.toUnsignedInt(header(bytes).getShort(6)),
            header(bytes).getInt(8),
            payload);

    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> FrameCodec.encode(frame, vector.direction));

    assertTrue(
        refused.getMessage().startsWith("bad " + vector.defect().word() + ": " + frame.kind()),
        refused.getMessage());
  }

  @ParameterizedTest
  @EnumSource(Direction.class)
  void validFramesFollowEachOther(Direction direction) throws BadFrameException {
    Random random = new Random(5);
    FrameDecoder decoder = new FrameDecoder(direction);
    List<String> expected = new ArrayList<>();
    List<String> found = new ArrayList<>();
    for (FrameVector vector : FrameVector.all()) {
      if (!vector.isValid() || vector.direction != direction) {
        continue;
      }
      expected.add(vector.verdict);
      ByteBuffer rest = ByteBuffer.wrap(vector.bytes());
      while (rest.hasRemaining()) {
        // Frames are taken out only now and then, so that several wait in the decoder.
        FrameDecoderDriver.put(decoder, rest, 1 + random.nextInt(70_000));
        if (random.nextBoolean()) {
          drain(decoder, found);
        }
        while (rest.hasRemaining() && rest.remaining() > LARGE) {
          FrameDecoderDriver.put(decoder, rest, LARGE);
          drain(decoder, found);
        }
      }
    }
    drain(decoder, found);

    assertEquals(expected, found);
    assertTrue(decoder.isIdle());
  }

  private static void drain(FrameDecoder decoder, List<String> found) throws BadFrameException {
    Optional<Frame> frame = decoder.next();
    while (frame.isPresent()) {
      found.add(FrameDecoderDriver.verdict(frame.get()));
      frame = decoder.next();
    }
  }

  /** Feeds the bytes in pieces and says what the decoder says, in the words of the file. */
  private static String decode(FrameVector vector, byte[] bytes, IntSupplier pieces) {
    FrameDecoder decoder = new FrameDecoder(vector.direction);
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    while (rest.hasRemaining()) {
      int before = rest.position();
      FrameDecoderDriver.put(decoder, rest, pieces.getAsInt());
      Optional<Frame> frame;
      try {
        frame = decoder.next();
      } catch (BadFrameException bad) {
        assertJudgedInTime(bad, bytes, before, rest.position());
        assertSame(bad, assertThrows(BadFrameException.class, decoder::next));
        return "bad:" + bad.defect().word();
      }
      if (frame.isPresent()) {
        assertEquals(bytes.length, rest.position(), "a frame before its end");
        assertArrayEquals(
            Arrays.copyOfRange(bytes, Frame.HEADER_SIZE, bytes.length), frame.get().payload());
        assertTrue(decoder.isIdle());
        assertEquals(Optional.empty(), next(decoder));
        return FrameDecoderDriver.verdict(frame.get());
      }
    }
    assertFalse(decoder.isIdle());
    return "more";
  }

  /** A header is judged when it is there, a payload when it is complete: not earlier nor later. */
  private static void assertJudgedInTime(
      BadFrameException bad, byte[] bytes, int before, int after) {
    long due = Frame.HEADER_SIZE;
    if (bad.defect() == FrameDefect.PAYLOAD) {
      due += length(bytes);
    }
    assertTrue(before < due && after >= due, "judged between " + before + " and " + after);
  }

  private static Optional<Frame> next(FrameDecoder decoder) {
    try {
      return decoder.next();
    } catch (BadFrameException bad) {
      throw new AssertionError(bad);
    }
  }

  private static IntSupplier thenAll(int first) {
    int[] pieces = {first, Integer.MAX_VALUE};
    int[] at = {0};
    return () -> pieces[Math.min(at[0]++, 1)];
  }

  private static ByteBuffer header(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static long length(byte[] bytes) {
    return Integer.toUnsignedLong(header(bytes).getInt(0));
  }
}
