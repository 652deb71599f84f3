package dev.limpid.vm.network;

import dev.limpid.oci.json.JsonBoolean;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonString;
import java.util.List;
import java.util.Optional;

/**
 * Values in what iproute2 prints that are to become words of a line of {@code ip -batch}. There a
 * blank, a quote, a backslash or {@code #} would mean something, so no word may have one.
 */
final class IpText {
  private static final int LONGEST_NAME = 15;

  private IpText() {}

  /** The name of an interface. The kernel allows more than what passes here. */
  static String interfaceName(JsonCursor cursor) {
    String name = cursor.asString();
    if (!isInterfaceName(name)) {
      throw cursor.invalid(
          "must be the name of an interface, of 1 to 15 characters of ASCII without blanks and"
              + " quotes");
    }
    return name;
  }

  static boolean isInterfaceName(String name) {
    return !name.isEmpty()
        && name.length() <= LONGEST_NAME
        && !name.equals(".")
        && !name.equals("..")
        && name.chars().allMatch(c -> c > ' ' && c < 0x7f && "\"'#\\/:%".indexOf(c) < 0);
  }

  static Optional<String> optionalName(JsonCursor object, String member) {
    return object.optional(member).map(IpText::interfaceName);
  }

  static IpAddress address(JsonCursor cursor) {
    return IpAddress.parse(cursor.asString())
        .orElseThrow(() -> cursor.invalid("must be an IP address"));
  }

  static Optional<IpAddress> optionalAddress(JsonCursor object, String member) {
    return object.optional(member).map(IpText::address);
  }

  /** A number, which iproute2 also writes as a string: decimal, or hexadecimal behind 0x. */
  static long number(JsonCursor cursor, long min, long max) {
    if (cursor.value() instanceof JsonNumber) {
      return cursor.asInteger(min, max);
    }
    String text = cursor.asString();
    boolean hexadecimal = text.startsWith("0x");
    try {
      long number = hexadecimal ? Long.parseLong(text.substring(2), 16) : Long.parseLong(text);
      if (number >= min && number <= max && text.charAt(hexadecimal ? 2 : 0) != '+') {
        return number;
      }
    } catch (NumberFormatException noNumber) {
      // Said below.
    }
    throw cursor.invalid("must be a number from " + min + " to " + max);
  }

  static long optionalNumber(JsonCursor object, String member, long min, long max, long otherwise) {
    Optional<JsonCursor> found = object.optional(member);
    return found.isEmpty() ? otherwise : number(found.get(), min, max);
  }

  /** A word of a set, or its number there. */
  static String word(JsonCursor cursor, List<Word> words) {
    if (cursor.value() instanceof JsonString string) {
      for (Word word : words) {
        if (word.name.equals(string.value())
            || Integer.toString(word.number).equals(string.value())) {
          return word.name;
        }
      }
    }
    throw cursor.invalid(
        "must be one of " + String.join(", ", words.stream().map(Word::name).toList()));
  }

  /** Whether an object has a flag, which iproute2 writes as null or as true. */
  static boolean flag(JsonCursor object, String member) {
    return object.asObject().get(member).filter(value -> value != JsonBoolean.FALSE).isPresent();
  }

  /** A word and the number that {@code ip -N} prints for it. */
  record Word(String name, int number) {}
}
