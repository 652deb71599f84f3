package dev.limpid.proto.frame;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/**
 * Makes frames of bytes that come in pieces. A header is judged before room is made for its
 * payload, so that a peer can make it hold no more than one frame of the longest kind.
 *
 * <pre>
 * channel.read(decoder.space());
 * for (Optional&lt;Frame&gt; frame = decoder.next(); frame.isPresent(); frame = decoder.next()) …
 * </pre>
 */
public final class FrameDecoder {
  private static final int SMALL = 4 << 10;

  private final Direction direction;
  private ByteBuffer buffer = empty(SMALL);
  private int parsed;
  private Optional<BadFrameException> failure = Optional.empty();

  /** A decoder of frames that travel in the given direction. */
  public FrameDecoder(Direction direction) {
    this.direction = direction;
  }

  /**
   * Where to put what is read next; never without room. Valid until the next call on this decoder.
   */
  public ByteBuffer space() {
    compact();
    if (!buffer.hasRemaining()) {
      // A frame of any length has been judged by now; memory follows what really comes.
      buffer =
          ByteBuffer.wrap(Arrays.copyOf(buffer.array(), 2 * buffer.capacity()))
              .order(ByteOrder.LITTLE_ENDIAN)
              .position(buffer.position());
    }
    return buffer;
  }

  /**
   * The next complete frame; empty if more bytes are needed.
   *
   * @throws BadFrameException if the peer has broken the protocol; then always
   */
  public Optional<Frame> next() throws BadFrameException {
    if (failure.isPresent()) {
      throw failure.get();
    }
    int available = buffer.position() - parsed;
    if (available < Frame.HEADER_SIZE) {
      return Optional.empty();
    }
    long length = Integer.toUnsignedLong(buffer.getInt(parsed));
    int code = Byte.toUnsignedInt(buffer.get(parsed + 4));
    int stream = Byte.toUnsignedInt(buffer.get(parsed + 5));
    int process = Short.toUnsignedInt(buffer.getShort(parsed + 6));
    int request = buffer.getInt(parsed + 8);
    FrameDefect defect = FrameCodec.headerDefect(direction, code, length, stream, process, request);
    if (defect != null) {
      throw fail(defect, length, code, stream, process, request);
    }
    if (available < Frame.HEADER_SIZE + length) {
      return Optional.empty();
    }
    int start = parsed + Frame.HEADER_SIZE;
    byte[] payload = Arrays.copyOfRange(buffer.array(), start, start + (int) length);
    Frame frame = new Frame(FrameKind.ofCode(code), stream, process, request, payload);
    defect = FrameCodec.payloadDefect(frame.kind(), frame.numbers());
    if (defect != null) {
      throw fail(defect, length, code, stream, process, request);
    }
    parsed = start + (int) length;
    return Optional.of(frame);
  }

  /** Whether everything that came has been given out: the end of the link is clean here. */
  public boolean isIdle() {
    return buffer.position() == parsed;
  }

  private BadFrameException fail(
      FrameDefect defect, long length, int code, int stream, int process, int request) {
    BadFrameException broken =
        new BadFrameException(
            defect,
            "kind 0x"
                + Integer.toHexString(code)
                + ", length "
                + length
                + ", stream "
                + stream
                + ", process "
                + process
                + ", request "
                + Integer.toUnsignedString(request));
    failure = Optional.of(broken);
    return broken;
  }

  private void compact() {
    if (parsed == 0) {
      return;
    }
    int rest = buffer.position() - parsed;
    buffer.flip().position(parsed);
    if (buffer.capacity() > SMALL && rest < SMALL) {
      buffer = empty(SMALL).put(buffer);
    } else {
      buffer.compact();
    }
    parsed = 0;
  }

  private static ByteBuffer empty(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
