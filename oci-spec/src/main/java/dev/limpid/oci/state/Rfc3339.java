package dev.limpid.oci.state;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;

/**
 * Times as RFC 3339 writes them, with nanoseconds. {@code java.time.format} can do this too, and
 * loads some hundred classes for it at every start.
 */
public final class Rfc3339 {
  private static final int NANO_DIGITS = 9;
  private static final int LAST_YEAR = 9999;

  private Rfc3339() {}

  /**
   * The time in UTC, for example {@code 2025-03-01T12:34:56.000000789Z}.
   *
   * @throws IllegalArgumentException if the year does not have four digits
   */
  public static String format(Instant instant) {
    LocalDateTime utc =
        LocalDateTime.ofEpochSecond(instant.getEpochSecond(), instant.getNano(), ZoneOffset.UTC);
    if (utc.getYear() < 0 || utc.getYear() > LAST_YEAR) {
      throw new IllegalArgumentException("RFC 3339 cannot write the year " + utc.getYear());
    }
    StringBuilder text = new StringBuilder(30);
    appendPadded(text, utc.getYear(), 4);
    appendPadded(text.append('-'), utc.getMonthValue(), 2);
    appendPadded(text.append('-'), utc.getDayOfMonth(), 2);
    appendPadded(text.append('T'), utc.getHour(), 2);
    appendPadded(text.append(':'), utc.getMinute(), 2);
    appendPadded(text.append(':'), utc.getSecond(), 2);
    appendPadded(text.append('.'), utc.getNano(), NANO_DIGITS);
    return text.append('Z').toString();
  }

  /** The time of a text with or without a fraction of a second, in UTC or with an offset. */
  public static Optional<Instant> parse(String text) {
    try {
      return parseFields(text);
    } catch (DateTimeException outOfRange) {
      return Optional.empty();
    }
  }

  private static Optional<Instant> parseFields(String text) {
    // 0123-56-89T12:45:78
    boolean shaped =
        text.length() >= 20
            && text.charAt(4) == '-'
            && text.charAt(7) == '-'
            && text.charAt(10) == 'T'
            && text.charAt(13) == ':'
            && text.charAt(16) == ':';
    if (!shaped) {
      return Optional.empty();
    }
    int year = digits(text, 0, 4);
    int month = digits(text, 5, 7);
    int day = digits(text, 8, 10);
    int hour = digits(text, 11, 13);
    int minute = digits(text, 14, 16);
    int second = digits(text, 17, 19);
    int at = 19;
    int nano = 0;
    if (text.charAt(at) == '.') {
      int start = at + 1;
      at = start;
      while (at < text.length() && isDigit(text.charAt(at))) {
        at++;
      }
      if (at == start || at - start > NANO_DIGITS) {
        return Optional.empty();
      }
      nano = digits(text, start, at);
      for (int i = at - start; i < NANO_DIGITS; i++) {
        nano *= 10;
      }
    }
    Optional<ZoneOffset> offset = offset(text, at);
    if (offset.isEmpty()) {
      return Optional.empty();
    }
    // A field that was no number is -1 and out of range.
    LocalDateTime local = LocalDateTime.of(year, month, day, hour, minute, second, nano);
    return year < 0 ? Optional.empty() : Optional.of(local.toInstant(offset.get()));
  }

  private static Optional<ZoneOffset> offset(String text, int at) {
    int rest = text.length() - at;
    if (rest == 1 && text.charAt(at) == 'Z') {
      return Optional.of(ZoneOffset.UTC);
    }
    boolean shaped =
        rest == 6
            && (text.charAt(at) == '+' || text.charAt(at) == '-')
            && text.charAt(at + 3) == ':';
    if (!shaped) {
      return Optional.empty();
    }
    int hours = digits(text, at + 1, at + 3);
    int minutes = digits(text, at + 4, at + 6);
    if (hours < 0 || minutes < 0) {
      return Optional.empty();
    }
    int sign = text.charAt(at) == '-' ? -1 : 1;
    return Optional.of(ZoneOffset.ofHoursMinutes(sign * hours, sign * minutes));
  }

  /** The number of some digits, -1 if one of them is something else. */
  private static int digits(String text, int from, int to) {
    int number = 0;
    for (int i = from; i < to; i++) {
      if (!isDigit(text.charAt(i))) {
        return -1;
      }
      number = number * 10 + (text.charAt(i) - '0');
    }
    return number;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static void appendPadded(StringBuilder text, int number, int width) {
    String digits = Integer.toString(number);
    for (int i = digits.length(); i < width; i++) {
      text.append('0');
    }
    text.append(digits);
  }
}
