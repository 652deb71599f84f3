package dev.limpid.proto.frame;

import java.nio.ByteBuffer;

/** What the tests of the decoder have in common. */
final class FrameDecoderDriver {
  private FrameDecoderDriver() {}

  /** As a read would: at most as much as there is room for, and as there is. */
  static void put(FrameDecoder decoder, ByteBuffer bytes, int most) {
    ByteBuffer space = decoder.space();
    if (!space.hasRemaining()) {
      throw new AssertionError("no room");
    }
    int count = Math.min(Math.min(space.remaining(), bytes.remaining()), most);
    space.put(bytes.slice(bytes.position(), count));
    bytes.position(bytes.position() + count);
  }

  /** A frame in the words of the vectors. */
  static String verdict(Frame frame) {
    return "ok:"
        + frame.kind()
        + ":"
        + frame.stream()
        + ":"
        + frame.process()
        + ":"
        + Integer.toUnsignedString(frame.request())
        + ":"
        + frame.length();
  }

  /** The kind that a header names; the header must name one. */
  static FrameKind kind(byte[] bytes) {
    for (FrameKind kind : FrameKind.values()) {
      if (kind.code() == bytes[4]) {
        return kind;
      }
    }
    throw new AssertionError("kind " + bytes[4]);
  }
}
