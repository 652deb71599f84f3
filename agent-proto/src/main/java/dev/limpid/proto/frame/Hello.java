package dev.limpid.proto.frame;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The payload of HELLO.
 *
 * @param lowest the lowest protocol version spoken, 1 to 65535
 * @param highest the highest protocol version spoken, not below lowest, up to 65535
 * @param credit the bytes that its sender takes on each stream from the start, 1 KiB to 1 MiB
 */
public record Hello(int lowest, int highest, int credit) {
  /** The protocol versions this code speaks, and the smallest credit: a verb has no streams. */
  public static final Hello OURS = new Hello(1, 1, 1 << 10);

  private static final int MAGIC = 'L' | 'M' << 8 | 'P' << 16 | 'D' << 24;
  private static final int CREDIT_MIN = 1 << 10;
  private static final int CREDIT_MAX = 1 << 20;

  /** Checks the ranges. */
  public Hello {
    if (lowest < 1 || highest < lowest || highest > 0xffff) {
      throw new IllegalArgumentException("versions " + lowest + " to " + highest);
    }
    if (credit < CREDIT_MIN || credit > CREDIT_MAX) {
      throw new IllegalArgumentException("credit of " + credit + " bytes");
    }
  }

  /** Reads the payload of a HELLO that a decoder has accepted. */
  public static Hello of(Frame frame) {
    ByteBuffer numbers = frame.numbers();
    return new Hello(
        Short.toUnsignedInt(numbers.getShort(4)),
        Short.toUnsignedInt(numbers.getShort(6)),
        numbers.getInt(8));
  }

  /** The frame that carries this. */
  public Frame toFrame() {
    ByteBuffer payload = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    payload.putInt(MAGIC).putShort((short) lowest).putShort((short) highest).putInt(credit);
    return new Frame(FrameKind.HELLO, 0, 0, 0, payload.array());
  }

  /** The version that two ends use; 0 if they have none in common. */
  public int versionWith(Hello peer) {
    int version = Math.min(highest, peer.highest);
    return version >= lowest && version >= peer.lowest ? version : 0;
  }

  static boolean isValid(ByteBuffer payload) {
    int lowest = Short.toUnsignedInt(payload.getShort(4));
    int highest = Short.toUnsignedInt(payload.getShort(6));
    int credit = payload.getInt(8);
    return payload.getInt(0) == MAGIC
        && lowest >= 1
        && lowest <= highest
        && credit >= CREDIT_MIN
        && credit <= CREDIT_MAX;
  }
}
