package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the texts of a configuration may hold. Most of them end up in system calls, which end a text
 * at its first NUL: one inside could smuggle a different text past a check. So could half of a
 * surrogate pair, which has no UTF-8 and would become a question mark.
 */
final class TextRule {
  private TextRule() {}

  /** A string without NUL that UTF-8 can hold; it may be empty. */
  static String text(JsonCursor cursor) {
    String text = cursor.asString();
    if (text.indexOf('\0') >= 0) {
      throw cursor.invalid("must not contain a NUL character");
    }
    if (hasHalfPair(text)) {
      throw cursor.invalid("must not contain half of a surrogate pair");
    }
    return text;
  }

  /** A string without NUL that is not empty. */
  static String filled(JsonCursor cursor) {
    String text = text(cursor);
    if (text.isEmpty()) {
      throw cursor.invalid("must not be empty");
    }
    return text;
  }

  /** A path, absolute or relative. */
  static String path(JsonCursor cursor) {
    return filled(cursor);
  }

  /** A path that starts at the root. */
  static String absolutePath(JsonCursor cursor) {
    String path = filled(cursor);
    if (path.charAt(0) != '/') {
      throw cursor.invalid("must be an absolute path");
    }
    return path;
  }

  /** One of a few names. */
  static String oneOf(JsonCursor cursor, List<String> names) {
    String name = cursor.asString();
    if (names.contains(name)) {
      return name;
    }
    StringBuilder expectation = new StringBuilder("must be one of ");
    for (int i = 0; i < names.size(); i++) {
      if (i > 0) {
        expectation.append(i == names.size() - 1 ? " and " : ", ");
      }
      expectation.append(names.get(i));
    }
    throw cursor.invalid(expectation.toString());
  }

  /** {@code NAME=value} with a name that is not empty. */
  static String environmentEntry(JsonCursor cursor) {
    String entry = text(cursor);
    if (entry.indexOf('=') <= 0) {
      throw cursor.invalid("must be NAME=value");
    }
    return entry;
  }

  /** A string that may be there; callers in Go leave it empty for "not there". */
  static Optional<JsonCursor> optional(JsonCursor section, String member) {
    Optional<JsonCursor> found = section.optional(member);
    return found.isPresent() && found.get().asString().isEmpty() ? Optional.empty() : found;
  }

  /** A text without NUL that may be there, absent if it is empty. */
  static Optional<String> optionalText(JsonCursor section, String member) {
    Optional<JsonCursor> found = optional(section, member);
    return found.isEmpty() ? Optional.empty() : Optional.of(text(found.get()));
  }

  /** An absolute path that may be there, absent if it is empty. */
  static Optional<String> optionalAbsolutePath(JsonCursor section, String member) {
    Optional<JsonCursor> found = optional(section, member);
    return found.isEmpty() ? Optional.empty() : Optional.of(absolutePath(found.get()));
  }

  /** Texts without NUL that may be there. */
  static List<String> texts(JsonCursor section, String member) {
    List<String> texts = new ArrayList<>();
    for (JsonCursor element : section.optionalElements(member)) {
      texts.add(text(element));
    }
    return texts;
  }

  /** Absolute paths that may be there. */
  static List<String> absolutePaths(JsonCursor section, String member) {
    List<String> paths = new ArrayList<>();
    for (JsonCursor element : section.optionalElements(member)) {
      paths.add(absolutePath(element));
    }
    return paths;
  }

  /** Entries of an environment that may be there. */
  static List<String> environment(JsonCursor section, String member) {
    List<String> entries = new ArrayList<>();
    for (JsonCursor element : section.optionalElements(member)) {
      entries.add(environmentEntry(element));
    }
    return entries;
  }

  /** Refuses a member whose name is empty or no text. */
  static void checkName(JsonCursor entry) {
    if (entry.key().isEmpty() || entry.key().indexOf('\0') >= 0) {
      throw entry.refused("must have a name without NUL characters that is not empty");
    }
    if (hasHalfPair(entry.key())) {
      throw entry.refused("must have a name without half of a surrogate pair");
    }
  }

  /** Named texts that may be there; no name is empty. */
  static Map<String, String> map(JsonCursor section, String member) {
    Map<String, String> map = new LinkedHashMap<>();
    for (JsonCursor entry : section.optionalMembers(member)) {
      checkName(entry);
      map.put(entry.key(), text(entry));
    }
    return map;
  }

  private static boolean hasHalfPair(String text) {
    int at = 0;
    while (at < text.length()) {
      int point = text.codePointAt(at);
      if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
        return true;
      }
      at += Character.charCount(point);
    }
    return false;
  }
}
