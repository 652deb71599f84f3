package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.Optional;

/** Lists of CPUs or memory nodes as cpuset(7) writes them: numbers and ranges between commas. */
final class CpuListRule {
  /** No kernel numbers more than 2^18 CPUs; the bound keeps the arithmetic small. */
  private static final int MAX_DIGITS = 6;

  private CpuListRule() {}

  /** A list that may be there, absent if it is empty. */
  static Optional<String> optional(JsonCursor section, String member) {
    Optional<JsonCursor> found = TextRule.optional(section, member);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    String list = found.get().asString();
    if (!isList(list)) {
      throw found.get().invalid("must be a list such as 0-3,6");
    }
    return Optional.of(list);
  }

  static boolean isList(String list) {
    int start = 0;
    for (int comma = list.indexOf(','); comma >= 0; comma = list.indexOf(',', start)) {
      if (!isRange(list.substring(start, comma))) {
        return false;
      }
      start = comma + 1;
    }
    return isRange(list.substring(start));
  }

  /** {@code 3}, {@code 0-3}, or {@code 0-31:2/4}, the first two of every four. */
  private static boolean isRange(String range) {
    int hyphen = range.indexOf('-');
    if (hyphen < 0) {
      return number(range) >= 0;
    }
    int first = number(range.substring(0, hyphen));
    int colon = range.indexOf(':', hyphen);
    int last = number(range.substring(hyphen + 1, colon < 0 ? range.length() : colon));
    boolean ordered = first >= 0 && first <= last;
    return ordered && (colon < 0 || isPattern(range.substring(colon + 1)));
  }

  private static boolean isPattern(String pattern) {
    int slash = pattern.indexOf('/');
    if (slash < 0) {
      return false;
    }
    int used = number(pattern.substring(0, slash));
    int group = number(pattern.substring(slash + 1));
    return used >= 0 && group > 0 && used <= group;
  }

  /** The number of some digits, -1 if they are none or too many. */
  private static int number(String digits) {
    if (digits.isEmpty() || digits.length() > MAX_DIGITS) {
      return -1;
    }
    int number = 0;
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      number = number * 10 + (c - '0');
    }
    return number;
  }
}
