package dev.limpid.vm.network;

import java.util.Optional;

/**
 * An IPv4 or IPv6 address. It is parsed strictly, and never looked up.
 *
 * @param v6 whether it is an IPv6 address
 * @param high the upper 64 bits of an IPv6 address; 0 for IPv4
 * @param low the lower 64 bits of an IPv6 address, or the 32 bits of an IPv4 address
 */
public record IpAddress(boolean v6, long high, long low) {
  private static final int GROUPS = 8;

  /** The number of bits of an address of this family. */
  int bits() {
    return v6 ? 128 : 32;
  }

  /**
   * Parses an address: four decimal numbers without leading zeros, or what RFC 4291 allows, without
   * a zone.
   *
   * @return empty if it is none
   */
  public static Optional<IpAddress> parse(String text) {
    if (text.indexOf(':') < 0) {
      long low = parseV4(text);
      return low < 0 ? Optional.empty() : Optional.of(new IpAddress(false, 0, low));
    }
    return parseV6(text);
  }

  /** This address with all bits beyond a prefix cleared. */
  IpAddress masked(int prefixLength) {
    if (!v6) {
      return new IpAddress(false, 0, low & upperBits(prefixLength + 32) & 0xffff_ffffL);
    }
    return new IpAddress(
        true,
        high & upperBits(Math.min(prefixLength, 64)),
        low & upperBits(Math.max(prefixLength - 64, 0)));
  }

  boolean isMulticast() {
    return v6 ? high >>> 56 == 0xff : low >>> 28 == 0xe;
  }

  /** The text as inet_ntop(3) and iproute2 write it. */
  public String text() {
    return v6 ? textV6() : textV4(low);
  }

  @Override
  public String toString() {
    return text();
  }

  private static long upperBits(int count) {
    return count == 0 ? 0 : -1L << (64 - count);
  }

  /** The 32 bits, or -1. */
  private static long parseV4(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      return -1;
    }
    long bits = 0;
    for (String part : parts) {
      int number = number(part, 10, 3);
      if (number < 0 || number > 255 || (part.length() > 1 && part.charAt(0) == '0')) {
        return -1;
      }
      bits = bits << 8 | number;
    }
    return bits;
  }

  private static Optional<IpAddress> parseV6(String text) {
    int gap = text.indexOf("::");
    if (gap < 0) {
      int[] groups = groups(text, true);
      return groups.length == GROUPS ? Optional.of(of(groups)) : Optional.empty();
    }
    if (text.indexOf("::", gap + 1) >= 0) {
      return Optional.empty();
    }
    String before = text.substring(0, gap);
    String after = text.substring(gap + 2);
    int[] first = before.isEmpty() ? new int[0] : groups(before, false);
    int[] last = after.isEmpty() ? new int[0] : groups(after, true);
    boolean wrong =
        (first.length == 0 && !before.isEmpty()) || (last.length == 0 && !after.isEmpty());
    if (wrong || first.length + last.length >= GROUPS) {
      return Optional.empty();
    }
    int[] all = new int[GROUPS];
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(last, 0, all, GROUPS - last.length, last.length);
    return Optional.of(of(all));
  }

  /** Groups of 16 bits, the last two perhaps as an IPv4 address; none if something is wrong. */
  private static int[] groups(String text, boolean mayEndInV4) {
    String[] parts = text.split(":", -1);
    String tail = parts[parts.length - 1];
    boolean v4 = mayEndInV4 && tail.indexOf('.') >= 0;
    int count = v4 ? parts.length + 1 : parts.length;
    if (count > GROUPS) {
      return new int[0];
    }
    int[] groups = new int[count];
    for (int i = 0; i < (v4 ? parts.length - 1 : parts.length); i++) {
      groups[i] = number(parts[i], 16, 4);
      if (groups[i] < 0) {
        return new int[0];
      }
    }
    if (v4) {
      long bits = parseV4(tail);
      if (bits < 0) {
        return new int[0];
      }
      groups[count - 2] = (int) (bits >>> 16);
      groups[count - 1] = (int) (bits & 0xffff);
    }
    return groups;
  }

  /** A number of a few ASCII digits, or -1. */
  private static int number(String text, int radix, int maxDigits) {
    if (text.isEmpty() || text.length() > maxDigits) {
      return -1;
    }
    int number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int digit = c < 0x80 ? Character.digit(c, radix) : -1;
      if (digit < 0) {
        return -1;
      }
      number = number * radix + digit;
    }
    return number;
  }

  private static IpAddress of(int[] groups) {
    long high = 0;
    long low = 0;
    for (int i = 0; i < GROUPS / 2; i++) {
      high = high << 16 | groups[i];
      low = low << 16 | groups[i + GROUPS / 2];
    }
    return new IpAddress(true, high, low);
  }

  private int group(int index) {
    long half = index < GROUPS / 2 ? high : low;
    return (int) (half >>> (48 - 16 * (index % (GROUPS / 2)))) & 0xffff;
  }

  private static String textV4(long bits) {
    return (bits >>> 24 & 0xff)
        + "."
        + (bits >>> 16 & 0xff)
        + "."
        + (bits >>> 8 & 0xff)
        + "."
        + (bits & 0xff);
  }

  private String textV6() {
    // The longest run of zeros becomes "::", the first one of several.
    int gapStart = -1;
    int gapLength = 1;
    int at = 0;
    while (at < GROUPS) {
      int end = at;
      while (end < GROUPS && group(end) == 0) {
        end++;
      }
      if (end - at > gapLength) {
        gapStart = at;
        gapLength = end - at;
      }
      at = end + 1;
    }
    boolean mapped = gapStart == 0 && gapLength == 5 && group(5) == 0xffff;
    boolean compatible = gapStart == 0 && gapLength == 6;
    int end = mapped || compatible ? GROUPS - 2 : GROUPS;
    StringBuilder text = new StringBuilder(39);
    for (int i = 0; i < end; i++) {
      if (gapStart >= 0 && i >= gapStart && i < gapStart + gapLength) {
        if (i == gapStart) {
          text.append(':');
        }
        continue;
      }
      if (i > 0) {
        text.append(':');
      }
      text.append(Integer.toHexString(group(i)));
    }
    if (end < GROUPS) {
      text.append(':').append(textV4(low & 0xffff_ffffL));
    } else if (gapStart >= 0 && gapStart + gapLength == GROUPS) {
      text.append(':');
    }
    return text.toString();
  }
}
