package dev.limpid.engine;

import java.util.Locale;

/**
 * A signal as users name it: by number, or by name with or without {@code SIG}, in any case.
 *
 * @param number 0 to 64; 0 only asks whether there is a process
 */
public record Signal(int number) {
  /** Those up to 31 in the order of their numbers, which are those of x86-64. */
  private static final String[] NAMES = {
    "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
    "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"
  };

  private static final int RTMIN = 34;
  private static final int RTMAX = 64;

  /** Signal 9, which nothing survives. */
  public static final Signal KILL = new Signal(9);

  /** Checks the range. */
  public Signal {
    if (number < 0 || number > RTMAX) {
      throw new IllegalArgumentException("signal " + number);
    }
  }

  /**
   * The signal that a user names.
   *
   * @throws EngineException if there is none such
   */
  public static Signal parse(String text) {
    String name = text.toUpperCase(Locale.ROOT);
    if (name.startsWith("SIG")) {
      name = name.substring("SIG".length());
    } else if (isNumber(name)) {
      int number = Integer.parseInt(name);
      if (number <= RTMAX) {
        return new Signal(number);
      }
    }
    for (int number = 1; number < NAMES.length; number++) {
      if (NAMES[number].equals(name)) {
        return new Signal(number);
      }
    }
    return switch (name) {
      case "IOT" -> new Signal(6);
      case "CLD" -> new Signal(17);
      case "POLL" -> new Signal(29);
      default -> realTime(name, text);
    };
  }

  private static Signal realTime(String name, String text) {
    int number = -1;
    if (name.equals("RTMIN")) {
      number = RTMIN;
    } else if (name.equals("RTMAX")) {
      number = RTMAX;
    } else if (name.startsWith("RTMIN+") && isNumber(name.substring(6))) {
      number = RTMIN + Integer.parseInt(name.substring(6));
    } else if (name.startsWith("RTMAX-") && isNumber(name.substring(6))) {
      number = RTMAX - Integer.parseInt(name.substring(6));
    }
    if (number < RTMIN || number > RTMAX) {
      throw new EngineException("unknown signal \"" + text + "\"");
    }
    return new Signal(number);
  }

  private static boolean isNumber(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= 3;
  }
}
