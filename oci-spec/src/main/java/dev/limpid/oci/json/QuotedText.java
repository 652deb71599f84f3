package dev.limpid.oci.json;

/**
 * Text of strangers made fit for an error message: in quotes, on one line, not too long, and
 * without anything that a terminal or a log would act upon.
 */
public final class QuotedText {
  private static final int LONGEST = 64;
  private static final String HEX = "0123456789abcdef";

  private QuotedText() {}

  /** The text in double quotes, shortened to 64 characters, its control characters escaped. */
  public static String of(String text) {
    int end = text.length();
    if (end > LONGEST) {
      end = Character.isHighSurrogate(text.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
    }
    StringBuilder quoted = new StringBuilder(end + 8);
    quoted.append('"');
    int at = 0;
    while (at < end) {
      int point = text.codePointAt(at);
      append(quoted, point);
      at += Character.charCount(point);
    }
    if (end < text.length()) {
      quoted.append('…');
    }
    return quoted.append('"').toString();
  }

  private static void append(StringBuilder quoted, int point) {
    if (point == '"' || point == '\\') {
      quoted.append('\\').append((char) point);
    } else if (point == '\n') {
      quoted.append("\\n");
    } else if (point == '\t') {
      quoted.append("\\t");
    } else {
      appendSafe(quoted, point);
    }
  }

  /** Appends a text that is not quoted, what a terminal or a log would act upon escaped. */
  static void appendSafe(StringBuilder out, String text) {
    int at = 0;
    while (at < text.length()) {
      int point = text.codePointAt(at);
      appendSafe(out, point);
      at += Character.charCount(point);
    }
  }

  private static void appendSafe(StringBuilder out, int point) {
    if (isPlain(point)) {
      out.appendCodePoint(point);
    } else {
      appendEscape(out, point);
    }
  }

  /** Control, formatting (bidirectional overrides too), separator and half characters are not. */
  static boolean isPlain(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }

  /** Appends backslash, u and four hexadecimal digits, twice for what lies beyond 16 bits. */
  static void appendEscape(StringBuilder out, int point) {
    if (Character.isSupplementaryCodePoint(point)) {
      appendEscape(out, Character.highSurrogate(point));
      appendEscape(out, Character.lowSurrogate(point));
      return;
    }
    out.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      out.append(HEX.charAt((point >> shift) & 0xf));
    }
  }
}
