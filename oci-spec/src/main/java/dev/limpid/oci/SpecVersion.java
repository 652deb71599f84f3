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
    return at == version.length() || isSuffix(version, at);
  }

  /** Whether a well-formed version is of the major version 1. */
  public static boolean isSupported(String version) {
    return isWellFormed(version) && version.startsWith("1.");
  }

  private static boolean isSuffix(String version, int from) {
    char mark = version.charAt(from);
    if ((mark != '-' && mark != '+') || from + 1 == version.length()) {
      return false;
    }
    for (int i = from + 1; i < version.length(); i++) {
      char c = version.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && !isDigit(c) && c != '.' && c != '-' && c != '+') {
        return false;
      }
    }
    return true;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
