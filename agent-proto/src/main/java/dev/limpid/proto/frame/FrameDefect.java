package dev.limpid.proto.frame;

/** What is wrong with a frame. Judged in this order; the first that applies is reported. */
public enum FrameDefect {
  /** There is no such kind. */
  KIND("kind"),
  /** The kind is not sent in this direction. */
  DIRECTION("direction"),
  /** The length of the payload is outside the bounds of the kind. */
  LENGTH("length"),
  /** There is no such stream, it flows the other way, or the kind has none. */
  STREAM("stream"),
  /** There is no such process, or the kind has none. */
  PROCESS("process"),
  /** A request number is missing, or the kind has none. */
  REQUEST("request"),
  /** A number of a fixed payload is out of range. */
  PAYLOAD("payload");

  private final String word;

  FrameDefect(String word) {
    this.word = word;
  }

  /** The word for messages and test vectors, for example {@code length}. */
  public String word() {
    return word;
  }
}
