package dev.limpid.vm.mountinfo;

/** An overlay of the host can't be made again in a guest; the message says why. */
public final class UnusableOverlayException extends Exception {
  private static final long serialVersionUID = 1L;

  UnusableOverlayException(String message) {
    super(message);
  }
}
