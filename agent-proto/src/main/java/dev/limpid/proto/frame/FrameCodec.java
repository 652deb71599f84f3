package dev.limpid.proto.frame;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What docs/protocol.md says of a single frame: its layout, and which ones are valid. */
public final class FrameCodec {
  private static final int CREDIT_MAX = 1 << 20;
  private static final int SIGNAL_MAX = 64;
  private static final int SOCKETS_MAX = 64;
  private static final int STATUS_MAX = 255;

  private FrameCodec() {}

  /**
   * The bytes of a frame, ready to be read from the buffer.
   *
   * @throws IllegalArgumentException if such a frame may not be sent in this direction
   */
  public static ByteBuffer encode(Frame frame, Direction direction) {
    FrameKind kind = frame.kind();
    FrameDefect defect =
        headerDefect(
            direction,
            kind.code(),
            frame.length(),
            frame.stream(),
            frame.process(),
            frame.request());
    if (defect == null) {
      defect = payloadDefect(kind, frame.numbers());
    }
    if (defect != null) {
      throw new IllegalArgumentException("bad " + defect.word() + ": " + frame);
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(Frame.HEADER_SIZE + frame.length()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(frame.length());
    bytes.put((byte) kind.code());
    bytes.put((byte) frame.stream());
    bytes.putShort((short) frame.process());
    bytes.putInt(frame.request());
    frame.appendPayload(bytes);
    return bytes.flip();
  }

  /** The first defect of a header, in the order of the protocol; null if there is none. */
  static FrameDefect headerDefect(
      Direction direction, int code, long length, int stream, int process, int request) {
    FrameKind kind = FrameKind.ofCode(code);
    if (kind == null) {
      return FrameDefect.KIND;
    }
    if (!kind.travels(direction)) {
      return FrameDefect.DIRECTION;
    }
    if (!kind.takesLength(length)) {
      return FrameDefect.LENGTH;
    }
    if (!kind.takesStream(stream, direction)) {
      return FrameDefect.STREAM;
    }
    if (!kind.takesProcess(process)) {
      return FrameDefect.PROCESS;
    }
    return kind.takesRequest(request) ? null : FrameDefect.REQUEST;
  }

  /** The defect of a complete payload whose length is right; null if there is none. */
  static FrameDefect payloadDefect(FrameKind kind, ByteBuffer numbers) {
    boolean valid =
        switch (kind) {
          case HELLO -> Hello.isValid(numbers);
          case CONNECT -> isWithin(numbers.getInt(0), 0, SOCKETS_MAX - 1);
          case CREDIT, GRANT -> isWithin(numbers.getInt(0), 1, CREDIT_MAX);
          case EXITED ->
              isWithin(numbers.getInt(0), 0, STATUS_MAX)
                  && isWithin(numbers.getInt(4), 0, SIGNAL_MAX);
          case SIGNAL -> isWithin(numbers.getInt(0), 1, SIGNAL_MAX);
          case LAUNCHED ->
              numbers.getInt(0) >= 0
                  && numbers.getInt(4) >= 0
                  && numbers.getInt(0) + (long) numbers.getInt(4) >= 1;
          default -> true;
        };
    return valid ? null : FrameDefect.PAYLOAD;
  }

  /** An unsigned number of 2³¹ or more reads as a negative one, which no range here includes. */
  private static boolean isWithin(int number, int min, int max) {
    return number >= min && number <= max;
  }
}
