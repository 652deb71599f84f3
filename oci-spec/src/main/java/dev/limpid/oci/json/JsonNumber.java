package dev.limpid.oci.json;

import java.util.OptionalLong;

/**
 * A JSON number, kept as the text it was written with: {@code 18446744073709551615} and {@code
 * 1.50} are written again as they were read.
 *
 * @param text the number as RFC 8259 writes it
 */
public record JsonNumber(String text) implements JsonValue {

  /**
   * Refuses what is not a JSON number.
   *
   * @throws IllegalArgumentException if the text is not a number of RFC 8259
   */
  public JsonNumber {
    if (!isNumber(text)) {
      throw new IllegalArgumentException("not a JSON number: " + QuotedText.of(text));
    }
  }

  /** The number of a signed 64-bit value. */
  public static JsonNumber of(long value) {
    return new JsonNumber(Long.toString(value));
  }

  /** The number of a 64-bit value whose bits are read as unsigned. */
  public static JsonNumber ofUnsigned(long bits) {
    return new JsonNumber(Long.toUnsignedString(bits));
  }

  /**
   * This number as a signed 64-bit value; empty if it has a fraction or an exponent (even {@code
   * 1.0}) or does not fit.
   */
  public OptionalLong toInt64() {
    if (!isInteger()) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Long.parseLong(text));
    } catch (NumberFormatException outOfRange) {
      return OptionalLong.empty();
    }
  }

  /**
   * The bits of this number as an unsigned 64-bit value; empty if it is negative, has a fraction or
   * an exponent, or does not fit.
   */
  public OptionalLong toUint64() {
    if (!isInteger() || text.charAt(0) == '-') {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Long.parseUnsignedLong(text));
    } catch (NumberFormatException outOfRange) {
      return OptionalLong.empty();
    }
  }

  @Override
  public String kind() {
    return "a number";
  }

  private boolean isInteger() {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '.' || c == 'e' || c == 'E') {
        return false;
      }
    }
    return true;
  }

  private static boolean isNumber(String text) {
    int length = text.length();
    int at = 0;
    if (at < length && text.charAt(at) == '-') {
      at++;
    }
    int integerEnd = skipDigits(text, at);
    boolean leadingZero = integerEnd > at + 1 && text.charAt(at) == '0';
    if (integerEnd == at || leadingZero) {
      return false;
    }
    at = integerEnd;
    if (at < length && text.charAt(at) == '.') {
      int fractionEnd = skipDigits(text, at + 1);
      if (fractionEnd == at + 1) {
        return false;
      }
      at = fractionEnd;
    }
    if (at < length && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
      at++;
      if (at < length && (text.charAt(at) == '+' || text.charAt(at) == '-')) {
        at++;
      }
      int exponentEnd = skipDigits(text, at);
      if (exponentEnd == at) {
        return false;
      }
      at = exponentEnd;
    }
    return at == length;
  }

  private static int skipDigits(String text, int from) {
    int at = from;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    return at;
  }
}
