package dev.limpid.oci;

/** The versions of the runtime-spec that this runtime speaks. */
public final class SpecVersion {
  /** The oldest that is accepted. */
  public static final String OLDEST = "1.0.0";

  /** The one that is implemented, and written into new documents. */
  public static final String CURRENT = "1.2.0";

  private SpecVersion() {}

  /**
   * Whether a text is a version in the sense of Semantic Versioning 2.0.0: three numbers, and maybe
   * a pre-release or build part, as in {@code 1.0.2-dev}.
   */
  public static boolean isWellFormed(String version) {
    int at = 0;
    for (int part = 0; part < 3; part++) {
      if (part > 0) {
        if (at == version.length() || version.charAt(at) != '.') {
          return false;
        }
        at++;
      }
      int start = at;
      while (at < version.length() && isDigit(version.charAt(at))) {
        at++;
      }
      boolean leadingZero = at > start + 1 && version.charAt(start) == '0';
      if (at == start || leadingZero) {
        return false;
      }
    }
    return at == version.length() || isSuffix(version.substring(at));
  }

  /** Whether a well-formed version is of the major version 1. */
  public static boolean isSupported(String version) {
    return isWellFormed(version) && version.startsWith("1.");
  }

  /** {@code -rc.1}, {@code +build.5} or {@code -rc.1+build.5}. */
  private static boolean isSuffix(String suffix) {
    int plus = suffix.indexOf('+');
    String preRelease = plus < 0 ? suffix : suffix.substring(0, plus);
    if (plus >= 0 && !areIdentifiers(suffix.substring(plus + 1), true)) {
      return false;
    }
    return preRelease.isEmpty()
        || (preRelease.charAt(0) == '-' && areIdentifiers(preRelease.substring(1), false));
  }

  /** Identifiers between dots; as parts of a pre-release, numbers have no leading zeros. */
  private static boolean areIdentifiers(String text, boolean leadingZeros) {
    int start = 0;
    for (int dot = text.indexOf('.'); dot >= 0; dot = text.indexOf('.', start)) {
      if (!isIdentifier(text.substring(start, dot), leadingZeros)) {
        return false;
      }
      start = dot + 1;
    }
    return isIdentifier(text.substring(start), leadingZeros);
  }

  private static boolean isIdentifier(String text, boolean leadingZeros) {
    boolean numeric = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
      if (!letter && !isDigit(c)) {
        return false;
      }
      numeric &= !letter;
    }
    boolean leadingZero = numeric && text.length() > 1 && text.charAt(0) == '0';
    return !text.isEmpty() && (leadingZeros || !leadingZero);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
