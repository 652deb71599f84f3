package dev.limpid.proto.frame;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One frame: the fields of its header and its payload. Immutable. */
public final class Frame {
  /** The size of a header, in bytes. */
  public static final int HEADER_SIZE = 12;

  /** The stream number of standard input. */
  public static final int STDIN = 0;

  /** The stream number of standard output. */
  public static final int STDOUT = 1;

  /** The stream number of standard error. */
  public static final int STDERR = 2;

  /** The highest process number. */
  public static final int PROCESS_MAX = 4095;

  private static final byte[] NOTHING = new byte[0];

  private final FrameKind kind;
  private final int stream;
  private final int process;
  private final int request;
  private final byte[] payload;

  /**
   * A frame that owns its payload; whether its fields are in range depends on the direction, and is
   * judged by {@link FrameCodec}.
   */
  Frame(FrameKind kind, int stream, int process, int request, byte[] payload) {
    this.kind = kind;
    this.stream = stream;
    this.process = process;
    this.request = request;
    this.payload = payload;
  }

  /**
   * A frame of any kind. Whether its fields are in range is judged when it is encoded.
   *
   * @param kind its kind
   * @param stream 0 to 2; 0 in kinds that have none
   * @param process 0 to {@link #PROCESS_MAX}
   * @param request the request's number, read as unsigned; 0 in kinds that have none
   * @param payload copied
   */
  public static Frame of(FrameKind kind, int stream, int process, int request, byte[] payload) {
    return new Frame(kind, stream, process, request, payload.clone());
  }

  /** A frame that is all header and names nothing, such as COMMIT. */
  public static Frame bare(FrameKind kind) {
    return new Frame(kind, 0, 0, 0, NOTHING);
  }

  /** A REQUEST with the given number and JSON text. */
  public static Frame request(int number, byte[] json) {
    return new Frame(FrameKind.REQUEST, 0, 0, number, json.clone());
  }

  /** Its kind. */
  public FrameKind kind() {
    return kind;
  }

  /** The number of the stream: 0 to 2. */
  public int stream() {
    return stream;
  }

  /** The number of the process: 0 to {@link #PROCESS_MAX}. */
  public int process() {
    return process;
  }

  /** The number of the request; to be read as unsigned. */
  public int request() {
    return request;
  }

  /** The size of the payload in bytes. */
  public int length() {
    return payload.length;
  }

  /** A copy of the payload. */
  public byte[] payload() {
    return payload.clone();
  }

  /** The payload as little-endian numbers, read-only. */
  ByteBuffer numbers() {
    return ByteBuffer.wrap(payload).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  void appendPayload(ByteBuffer buffer) {
    buffer.put(payload);
  }

  /** As it reads in a message: {@code RESULT of request 7, 2 bytes}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(kind.name());
    if (request != 0) {
      text.append(" of request ").append(Integer.toUnsignedString(request));
    }
    return text.append(", ").append(payload.length).append(" bytes").toString();
  }
}
