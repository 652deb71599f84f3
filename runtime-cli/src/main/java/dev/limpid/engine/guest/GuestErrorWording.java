package dev.limpid.engine.guest;

import dev.limpid.proto.AgentFailureException;

/**
 * What crun says inside the VM, in the words that runc would use and that callers look for: Docker
 * makes its exit statuses 126 and 127 of them.
 */
public final class GuestErrorWording {
  private static final String START = "unable to start container process: ";

  private GuestErrorWording() {}

  /**
   * The message for the user.
   *
   * @param failure what the agent has said
   * @param program the container's program, {@code process.args[0]}
   */
  public static String of(AgentFailureException failure, String program) {
    return failure.code().equals("runtime")
        ? START + ofRuntime(failure.getMessage(), program)
        : failure.getMessage();
  }

  static String ofRuntime(String message, String program) {
    String exec = "exec: \"" + program + "\": ";
    if (message.contains("executable file `")) {
      return exec
          + (program.startsWith("/")
              ? "stat " + program + ": no such file or directory"
              : "executable file not found in $PATH");
    }
    // It says that the operation is not permitted of what is no file.
    if (message.startsWith("open executable")
        && (message.endsWith("Permission denied") || message.endsWith("not permitted"))) {
      return exec + "permission denied";
    }
    return lowerCasedReason(message);
  }

  /** errno's text begins with a capital in C and with a small letter in Go. */
  private static String lowerCasedReason(String message) {
    int colon = message.lastIndexOf(": ");
    if (colon < 0 || colon + 2 >= message.length()) {
      return message;
    }
    return message.substring(0, colon + 2)
        + Character.toLowerCase(message.charAt(colon + 2))
        + message.substring(colon + 3);
  }
}
