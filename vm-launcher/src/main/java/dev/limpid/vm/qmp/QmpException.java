package dev.limpid.vm.qmp;

import java.io.IOException;

/** QEMU has refused a command; the connection goes on. The message is QEMU's own. */
public final class QmpException extends IOException {
  private static final long serialVersionUID = 1L;

  QmpException(String message) {
    super(message);
  }
}
