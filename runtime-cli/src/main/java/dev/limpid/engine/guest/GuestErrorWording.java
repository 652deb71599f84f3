package dev.limpid.engine.guest;

import dev.limpid.proto.AgentFailureException;

/**
 * What crun says inside the VM, in the words that runc would use and that callers look for: Docker
 * makes its exit statuses 126 and 127 of them.
 */
public final class GuestErrorWording {
  private static final String START = "unable to start container process: ";

  private GuestErrorWording() {}

  /** The message for the user. */
  public static String of(AgentFailureException failure) {
    return failure.code().equals("runtime")
        ? START + ofRuntime(failure.getMessage())
        : failure.getMessage();
  }

  static String ofRuntime(String message) {
    String notFound = between(message, "executable file `", "` not found");
    if (!notFound.isEmpty()) {
      return "exec: \""
          + notFound
          + "\": "
          + (notFound.startsWith("/")
              ? "stat " + notFound + ": no such file or directory"
              : "executable file not found in $PATH");
    }
    String denied = between(message, "open executable `", "`");
    if (!denied.isEmpty() && message.endsWith("Permission denied")) {
      return "exec: \"" + denied + "\": permission denied";
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

  private static String between(String text, String before, String after) {
    int start = text.indexOf(before);
    if (start < 0) {
      return "";
    }
    int end = text.indexOf(after, start + before.length());
    return end < 0 ? "" : text.substring(start + before.length(), end);
  }
}
