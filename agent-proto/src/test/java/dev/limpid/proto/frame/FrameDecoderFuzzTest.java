package dev.limpid.proto.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The decoder against bytes that nobody would send in good faith. The same ones every time. */
class FrameDecoderFuzzTest {
  private static final int MUTATED = 70_000;
  private static final int RANDOM = 30_000;
  private static final int SMALL = 512;
  private static final int SMALLEST_BUFFER = 4 << 10;
  private static final int[] NUMBERS = {
    0,
    1,
    2,
    4,
    8,
    12,
    64,
    65,
    255,
    256,
    4095,
    4096,
    0x7fff,
    0x8000,
    0x8001,
    0xffff,
    0x10000,
    0x100000,
    0x100001,
    0x800000,
    0x800001,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    -12,
    -1
  };

  private static final List<Direction> DIRECTIONS = List.of(Direction.values());
  private static final List<FrameKind> KINDS = List.of(FrameKind.values());

  private final Random random = new Random(20_250_101);
  private final Map<FrameDefect, Integer> defects = new EnumMap<>(FrameDefect.class);
  private final EnumSet<FrameKind> kinds = EnumSet.noneOf(FrameKind.class);
  private int frames;

  @Test
  void mutatedVectors() {
    Map<Direction, List<byte[]>> vectors = smallVectors();
    for (int i = 0; i < MUTATED; i++) {
      Direction direction = anyDirection();
      // Vectors of other directions, too.
      List<byte[]> from = vectors.get(random.nextInt(8) == 0 ? anyDirection() : direction);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (int count = 1 + random.nextInt(4); count > 0; count--) {
        bytes.writeBytes(any(from));
      }
      feed(direction, mutate(bytes.toByteArray()));
    }
    assertEquals(EnumSet.allOf(FrameKind.class), kinds);
    assertEquals(EnumSet.allOf(FrameDefect.class), defects.keySet());
    assertTrue(frames > MUTATED / 2, frames + " frames were accepted");
  }

  @Test
  void randomBytes() {
    for (int i = 0; i < RANDOM; i++) {
      byte[] bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      for (int at = 0; at + Frame.HEADER_SIZE <= bytes.length; at += 1 + random.nextInt(40)) {
        // Left alone, hardly any would get beyond the first byte of its header.
        FrameKind kind = any(KINDS);
        int length = Math.min(kind.longest(), kind.shortest() + random.nextInt(30));
        header(bytes, at, kind, length);
      }
      feed(anyDirection(), bytes);
    }
    assertEquals(EnumSet.allOf(FrameDefect.class), defects.keySet());
    assertTrue(frames > RANDOM / 50, frames + " frames were accepted");
  }

  /**
   * Whatever is accepted is what was sent; whatever is not ends in a BadFrameException and nothing
   * else; and the buffer is never more than twice as large as what has come.
   */
  private void feed(Direction direction, byte[] bytes) {
    FrameDecoder decoder = new FrameDecoder(direction);
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    ByteBuffer sent = ByteBuffer.wrap(bytes);
    int most = 1 + random.nextInt(random.nextBoolean() ? 8 : 200);
    while (rest.hasRemaining()) {
      FrameDecoderDriver.put(decoder, rest, 1 + random.nextInt(most));
      try {
        Optional<Frame> frame = decoder.next();
        while (frame.isPresent()) {
          assertWasSent(frame.get(), direction, sent);
          frame = decoder.next();
        }
      } catch (BadFrameException bad) {
        defects.merge(bad.defect(), 1, Integer::sum);
        assertTrue(bad.getMessage().length() < 200, bad.getMessage());
        return;
      }
      assertEquals(sent.position() == rest.position(), decoder.isIdle());
      int capacity = decoder.space().capacity();
      assertTrue(
          capacity <= Math.max(SMALLEST_BUFFER, 2 * rest.position()),
          () -> capacity + " bytes for " + rest.position());
    }
  }

  private void assertWasSent(Frame frame, Direction direction, ByteBuffer sent) {
    ByteBuffer encoded = FrameCodec.encode(frame, direction);
    assertEquals(sent.slice(sent.position(), encoded.remaining()), encoded);
    sent.position(sent.position() + encoded.remaining());
    kinds.add(frame.kind());
    frames++;
  }

  private byte[] mutate(byte[] original) {
    byte[] bytes = original;
    for (int count = random.nextInt(4); count > 0 && bytes.length > 0; count--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes = Arrays.copyOf(bytes, at);
        case 3 -> bytes = without(bytes, at);
        case 4 -> {
          ByteBuffer numbers = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
          if (at + 4 <= bytes.length) {
            numbers.putInt(at, NUMBERS[random.nextInt(NUMBERS.length)]);
          }
        }
        default ->
            bytes[Math.min(bytes.length - 1, random.nextInt(12))] = (byte) random.nextInt(70);
      }
    }
    return bytes;
  }

  private Direction anyDirection() {
    return any(DIRECTIONS);
  }

  private <T> T any(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private void header(byte[] bytes, int at, FrameKind kind, int length) {
    ByteBuffer numbers = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    numbers.putInt(at, length).put(at + 4, (byte) kind.code());
    if (random.nextInt(4) != 0) {
      numbers.put(at + 5, (byte) random.nextInt(3)).putShort(at + 6, (short) random.nextInt(2));
    }
    if (random.nextInt(4) != 0) {
      numbers.putInt(at + 8, 0);
    }
  }

  private static byte[] without(byte[] bytes, int at) {
    byte[] shorter = new byte[bytes.length - 1];
    System.arraycopy(bytes, 0, shorter, 0, at);
    System.arraycopy(bytes, at + 1, shorter, at, shorter.length - at);
    return shorter;
  }

  private static Map<Direction, List<byte[]>> smallVectors() {
    Map<Direction, List<byte[]>> vectors = new EnumMap<>(Direction.class);
    for (FrameVector vector : FrameVector.all()) {
      byte[] bytes = vector.bytes();
      // Valid ones more often: behind anything else nothing is decoded any more.
      int weight = vector.isValid() ? 8 : 1;
      for (int i = 0; i < weight && bytes.length <= SMALL; i++) {
        vectors.computeIfAbsent(vector.direction, direction -> new ArrayList<>()).add(bytes);
      }
    }
    return vectors;
  }
}
