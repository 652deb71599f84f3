package dev.limpid.cli;

/** Tells that {@link PlainArguments} is not enough for a command line. Nobody sees it. */
final class NotPlainException extends RuntimeException {
  private static final long serialVersionUID = 1;

  NotPlainException() {
    super("not a plain command line", null, false, false);
  }
}
