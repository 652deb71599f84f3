package dev.limpid.cli;

import java.nio.file.Path;

/**
 * Ends this process. The JVM's own ways to do that wait for up to 300 ms for threads that are in
 * native code; and of a child that lives on, as the shim of a created container does, a thread of
 * the JDK waits in native code for the end.
 */
final class ProcessExit {
  private static final String LIBRARY = "libprocess_exit.so";

  private ProcessExit() {}

  /**
   * Returns only if there is no such library.
   *
   * @param home where the library is; absolute
   * @param status the exit status, 0 to 255
   */
  static void now(Path home, int status) {
    try {
      System.load(home.resolve(LIBRARY).toString());
      exit(status);
    } catch (UnsatisfiedLinkError missing) {
      return;
    }
  }

  private static native void exit(int status);
}
