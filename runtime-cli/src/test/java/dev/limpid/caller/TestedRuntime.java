package dev.limpid.caller;

/**
 * What callers know by the name limpid: Limpid, or what the property {@code limpid.runtime} names
 * in its place, to see whether a test is right.
 */
final class TestedRuntime {
  private TestedRuntime() {}

  /** The path of its executable. */
  static String executable() {
    return isLimpid()
        ? System.getProperty("limpid.dist") + "/bin/limpid"
        : System.getProperty("limpid.runtime");
  }

  /** Whether it is Limpid itself. */
  static boolean isLimpid() {
    return System.getProperty("limpid.runtime", "").isEmpty();
  }
}
