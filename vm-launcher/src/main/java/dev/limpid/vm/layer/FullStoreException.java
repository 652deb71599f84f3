package dev.limpid.vm.layer;

import java.io.IOException;

/** The disk is full; whoever knows what for says so. */
final class FullStoreException extends IOException {
  private static final long serialVersionUID = 1L;

  FullStoreException() {
    super("No space left on device");
  }

  static boolean isMeantBy(IOException failed) {
    String message = failed.getMessage();
    return message != null && message.contains("No space left on device");
  }
}
