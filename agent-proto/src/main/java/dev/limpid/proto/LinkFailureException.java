package dev.limpid.proto;

import java.io.IOException;

/**
 * The shim has said that the launch, or the link as a whole, has failed; nothing more comes over
 * the link. The message is its own, with the last lines of what QEMU, virtiofsd and the guest's
 * console have said, made safe to print.
 */
public final class LinkFailureException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String code;

  LinkFailureException(String code, String message) {
    super(message);
    this.code = code;
  }

  /** What kind of failure, for example {@code vm}. */
  public String code() {
    return code;
  }
}
