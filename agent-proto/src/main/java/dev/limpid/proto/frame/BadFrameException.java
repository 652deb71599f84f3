package dev.limpid.proto.frame;

import java.io.IOException;

/** The peer has broken the protocol: the link must end. */
public final class BadFrameException extends IOException {
  private static final long serialVersionUID = 1L;

  private final FrameDefect defect;

  BadFrameException(FrameDefect defect, String header) {
    super("broken protocol: bad " + defect.word() + " in a frame (" + header + ")");
    this.defect = defect;
  }

  /** What is wrong. */
  public FrameDefect defect() {
    return defect;
  }
}
