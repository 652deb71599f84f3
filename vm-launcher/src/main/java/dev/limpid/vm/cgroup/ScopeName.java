package dev.limpid.vm.cgroup;

import java.util.Optional;

/**
 * What {@code slice:prefix:name} says: the unit of systemd that holds a container.
 *
 * @param slice the slice that the unit lies in, for example {@code user.slice}
 * @param unit the unit, for example {@code docker-1234.scope}
 */
record ScopeName(String slice, String unit) {
  private static final String SLICE = ".slice";

  /** The root of all slices, which has no name of its own in a path. */
  private static final String ROOT = "-.slice";

  /** systemd's own bound on the name of a unit. */
  private static final int LENGTH_MAX = 255;

  /**
   * The unit that holds a container whose config.json does not say which; empty if the name would
   * be too long for one.
   *
   * @param id the container's, which may have a character that systemd does not take as it is
   */
  static Optional<ScopeName> ofContainer(String id) {
    return parse(":limpid:" + id.replace("+", "\\x2b"));
  }

  /** Reads {@code slice:prefix:name}; an empty slice is {@code system.slice}. */
  static Optional<ScopeName> parse(String text) {
    String[] parts = text.split(":", -1);
    if (parts.length != 3) {
      return Optional.empty();
    }
    String slice = parts[0].isEmpty() ? "system.slice" : parts[0];
    String unit = (parts[1].isEmpty() ? "" : parts[1] + "-") + parts[2] + ".scope";
    boolean valid =
        isSlice(slice)
            && isName(parts[1])
            && isName(parts[2])
            && !parts[2].isEmpty()
            // To a command it would be an option.
            && !unit.startsWith("-")
            && unit.length() <= LENGTH_MAX;
    return valid ? Optional.of(new ScopeName(slice, unit)) : Optional.empty();
  }

  /** Where the unit's group is: {@code a-b.slice} lies in {@code a.slice}. Relative. */
  String path() {
    StringBuilder path = new StringBuilder();
    if (!slice.equals(ROOT)) {
      String name = slice.substring(0, slice.length() - SLICE.length());
      for (int dash = name.indexOf('-'); dash >= 0; dash = name.indexOf('-', dash + 1)) {
        path.append(name, 0, dash).append(SLICE).append('/');
      }
      path.append(slice).append('/');
    }
    return path.append(unit).toString();
  }

  private static boolean isSlice(String slice) {
    if (slice.equals(ROOT)) {
      return true;
    }
    if (!slice.endsWith(SLICE) || slice.length() > LENGTH_MAX) {
      return false;
    }
    String name = slice.substring(0, slice.length() - SLICE.length());
    return !name.isEmpty()
        && isName(name)
        && !name.startsWith("-")
        && !name.endsWith("-")
        && !name.contains("--");
  }

  /** The characters that systemd takes in names, but for the colon, which separates here. */
  private static boolean isName(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && (c < '0' || c > '9') && "_.-\\@".indexOf(c) < 0) {
        return false;
      }
    }
    return true;
  }
}
