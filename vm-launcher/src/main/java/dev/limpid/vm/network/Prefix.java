package dev.limpid.vm.network;

import java.util.Optional;

/**
 * An address and how many bits of it count.
 *
 * @param address the address; bits beyond the prefix may be set
 * @param length 0 to 32 for IPv4, 0 to 128 for IPv6
 */
public record Prefix(IpAddress address, int length) {
  /** All addresses of a family. */
  static Prefix all(boolean v6) {
    return new Prefix(new IpAddress(v6, 0, 0), 0);
  }

  /**
   * Parses an address, alone or with {@code /} and a length.
   *
   * @return empty if it is none
   */
  public static Optional<Prefix> parse(String text) {
    int slash = text.indexOf('/');
    Optional<IpAddress> address = IpAddress.parse(slash < 0 ? text : text.substring(0, slash));
    if (address.isEmpty()) {
      return Optional.empty();
    }
    int bits = address.get().bits();
    if (slash < 0) {
      return Optional.of(new Prefix(address.get(), bits));
    }
    String length = text.substring(slash + 1);
    if (length.isEmpty()
        || length.length() > 3
        || !length.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return Optional.empty();
    }
    int number = Integer.parseInt(length);
    return number > bits ? Optional.empty() : Optional.of(new Prefix(address.get(), number));
  }

  /** This prefix without the bits beyond its length. */
  Prefix masked() {
    return new Prefix(address.masked(length), length);
  }

  /** The address, {@code /} and the length: it says which family it is, as "default" does not. */
  public String text() {
    return address.text() + "/" + length;
  }

  @Override
  public String toString() {
    return text();
  }
}
