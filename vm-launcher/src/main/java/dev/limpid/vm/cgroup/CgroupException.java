package dev.limpid.vm.cgroup;

/** The host's control groups can't be made what they have to be; the message says which and why. */
public final class CgroupException extends Exception {
  private static final long serialVersionUID = 1L;

  CgroupException(String message) {
    super(message);
  }

  CgroupException(String message, Throwable cause) {
    super(message, cause);
  }
}
