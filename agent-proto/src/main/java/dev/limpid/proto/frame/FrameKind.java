package dev.limpid.proto.frame;

/** The kinds of frames, each with the bounds of its fields. */
public enum FrameKind {
  /** The version exchange. */
  HELLO(0x01, Ways.BOTH, 12, 12, StreamRule.NONE, ProcessRule.NONE, RequestRule.NONE),
  /** A JSON object with {@code method}. */
  REQUEST(0x10, Ways.TOWARDS, 2, 8 << 20, StreamRule.NONE, ProcessRule.ANY, RequestRule.NUMBER),
  /** A JSON object. */
  RESULT(0x11, Ways.BACK, 2, 1 << 20, StreamRule.NONE, ProcessRule.NONE, RequestRule.NUMBER),
  /** A JSON object with {@code code} and {@code message}. */
  FAILURE(0x12, Ways.BACK, 2, 64 << 10, StreamRule.NONE, ProcessRule.NONE, RequestRule.OPTIONAL),
  /** A JSON object with {@code event}. */
  EVENT(0x13, Ways.BACK, 2, 64 << 10, StreamRule.NONE, ProcessRule.NONE, RequestRule.NONE),
  /** Bytes of a stream. */
  DATA(0x20, Ways.BOTH, 1, 32 << 10, StreamRule.SENDER, ProcessRule.ANY, RequestRule.NONE),
  /** No more DATA will come on this stream. */
  EOF(0x21, Ways.BOTH, 0, 0, StreamRule.SENDER, ProcessRule.ANY, RequestRule.NONE),
  /** The receiver of the stream takes this many more bytes. */
  CREDIT(0x22, Ways.BOTH, 4, 4, StreamRule.RECEIVER, ProcessRule.ANY, RequestRule.NONE),
  /** The receiver of the stream is gone. */
  CLOSED(0x23, Ways.BOTH, 0, 0, StreamRule.RECEIVER, ProcessRule.ANY, RequestRule.NONE),
  /** A process has ended. */
  EXITED(0x30, Ways.BACK, 8, 8, StreamRule.NONE, ProcessRule.ANY, RequestRule.NONE),
  /** A signal for a process. */
  SIGNAL(0x31, Ways.TOWARDS, 4, 4, StreamRule.NONE, ProcessRule.ANY, RequestRule.NONE),
  /** The size of a terminal. */
  RESIZE(0x32, Ways.TOWARDS, 8, 8, StreamRule.NONE, ProcessRule.ANY, RequestRule.NONE),
  /** A DNS message of the guest. */
  LOOKUP(
      0x33, Ways.FROM_AGENT, 12, 65535, StreamRule.TRANSPORT, ProcessRule.NONE, RequestRule.NUMBER),
  /** What the host's DNS server says to a LOOKUP; empty if there is no answer. */
  ANSWER(0x34, Ways.TO_AGENT, 0, 65535, StreamRule.TRANSPORT, ProcessRule.NONE, RequestRule.NUMBER),
  /** A program of the guest has connected to a socket of the host. */
  CONNECT(0x35, Ways.BACK, 4, 4, StreamRule.NONE, ProcessRule.ANY, RequestRule.NUMBER),
  /** Bytes of a connection. */
  CHUNK(0x36, Ways.BOTH, 1, 32 << 10, StreamRule.NONE, ProcessRule.ANY, RequestRule.NUMBER),
  /** The receiver of a connection's bytes takes this many more. */
  GRANT(0x37, Ways.BOTH, 4, 4, StreamRule.NONE, ProcessRule.ANY, RequestRule.NUMBER),
  /** No more CHUNK will come of this connection. */
  FINISH(0x38, Ways.BOTH, 0, 0, StreamRule.NONE, ProcessRule.ANY, RequestRule.NUMBER),
  /** The sender has closed its end of this connection. */
  HANGUP(0x39, Ways.BOTH, 0, 0, StreamRule.NONE, ProcessRule.ANY, RequestRule.NUMBER),
  /** QEMU and virtiofsd run. */
  LAUNCHED(0x40, Ways.FROM_SHIM, 8, 8, StreamRule.NONE, ProcessRule.NONE, RequestRule.NONE),
  /** The container may outlive this link. */
  COMMIT(0x41, Ways.TO_SHIM, 0, 0, StreamRule.NONE, ProcessRule.NONE, RequestRule.NONE),
  /** COMMIT has been received. */
  COMMITTED(0x42, Ways.FROM_SHIM, 0, 0, StreamRule.NONE, ProcessRule.NONE, RequestRule.NONE),
  /** Asks for a process number. */
  ATTACH(0x43, Ways.TO_SHIM, 0, 0, StreamRule.NONE, ProcessRule.NONE, RequestRule.NONE),
  /** Gives a process number. */
  ATTACHED(0x44, Ways.FROM_SHIM, 0, 0, StreamRule.NONE, ProcessRule.EXEC, RequestRule.NONE),
  /** Asks for the network to be watched. */
  WATCH(0x45, Ways.TO_SHIM, 0, 0, StreamRule.NONE, ProcessRule.NONE, RequestRule.NONE),
  /** The network is being watched. */
  WATCHING(0x46, Ways.FROM_SHIM, 0, 0, StreamRule.NONE, ProcessRule.NONE, RequestRule.NONE),
  /** Asks for what the engine sees of the root filesystem to be brought up to date. */
  REFRESH_ROOT(0x47, Ways.TO_SHIM, 0, 0, StreamRule.NONE, ProcessRule.NONE, RequestRule.NONE),
  /** It is, as far as that was possible. */
  ROOT_REFRESHED(0x48, Ways.FROM_SHIM, 0, 0, StreamRule.NONE, ProcessRule.NONE, RequestRule.NONE);

  /** Sets of directions, as bits. */
  private static final class Ways {
    static final int TO_AGENT = 1;
    static final int FROM_AGENT = 1 << 1;
    static final int TO_SHIM = 1 << 2;
    static final int FROM_SHIM = 1 << 3;
    static final int TOWARDS = TO_AGENT | TO_SHIM;
    static final int BACK = FROM_AGENT | FROM_SHIM;
    static final int BOTH = TOWARDS | BACK;
  }

  /** Which streams a frame may name. */
  private enum StreamRule {
    /** 0. */
    NONE,
    /** The sender of the frame sends the stream. */
    SENDER,
    /** The sender of the frame receives the stream. */
    RECEIVER,
    /** None: 0 stands for UDP, 1 for TCP. */
    TRANSPORT
  }

  /** Which processes a frame may name. */
  private enum ProcessRule {
    /** 0. */
    NONE,
    /** 0 to {@link Frame#PROCESS_MAX}. */
    ANY,
    /** 1 to {@link Frame#PROCESS_MAX}. */
    EXEC
  }

  /** Which request numbers a frame may have. */
  private enum RequestRule {
    /** 0. */
    NONE,
    /** Anything but 0. */
    NUMBER,
    /** 0 speaks of the link as a whole. */
    OPTIONAL
  }

  private static final FrameKind[] BY_CODE = byCode();

  private final int code;
  private final int ways;
  private final int shortest;
  private final int longest;
  private final StreamRule streamRule;
  private final ProcessRule processRule;
  private final RequestRule requestRule;

  FrameKind(
      int code,
      int ways,
      int shortest,
      int longest,
      StreamRule streamRule,
      ProcessRule processRule,
      RequestRule requestRule) {
    this.code = code;
    this.ways = ways;
    this.shortest = shortest;
    this.longest = longest;
    this.streamRule = streamRule;
    this.processRule = processRule;
    this.requestRule = requestRule;
  }

  /** The byte that stands for this kind in a header. */
  public int code() {
    return code;
  }

  /** The shortest payload, in bytes. */
  public int shortest() {
    return shortest;
  }

  /** The longest payload, in bytes. */
  public int longest() {
    return longest;
  }

  /** The kind of a byte in a header; null if there is none such, as decoding makes no garbage. */
  static FrameKind ofCode(int code) {
    return code < BY_CODE.length ? BY_CODE[code] : null;
  }

  boolean travels(Direction direction) {
    return (ways & direction.bit()) != 0;
  }

  boolean takesLength(long length) {
    return length >= shortest && length <= longest;
  }

  boolean takesStream(int stream, Direction direction) {
    if (streamRule == StreamRule.NONE) {
      return stream == 0;
    }
    if (streamRule == StreamRule.TRANSPORT) {
      return stream == 0 || stream == 1;
    }
    boolean input = (streamRule == StreamRule.SENDER) == direction.towardsWorkload();
    return input ? stream == Frame.STDIN : stream == Frame.STDOUT || stream == Frame.STDERR;
  }

  boolean takesProcess(int process) {
    return switch (processRule) {
      case NONE -> process == 0;
      case ANY -> process >= 0 && process <= Frame.PROCESS_MAX;
      case EXEC -> process >= 1 && process <= Frame.PROCESS_MAX;
    };
  }

  boolean takesRequest(int request) {
    return switch (requestRule) {
      case NONE -> request == 0;
      case NUMBER -> request != 0;
      case OPTIONAL -> true;
    };
  }

  private static FrameKind[] byCode() {
    FrameKind[] kinds = new FrameKind[0x49];
    for (FrameKind kind : values()) {
      kinds[kind.code] = kind;
    }
    return kinds;
  }
}
