package dev.limpid.caller;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

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

  /**
   * A program that is the same with a configuration of its own.
   *
   * @param work where both are made
   * @param configuration the configuration's text
   */
  static Path configured(WorkFolder work, String configuration) throws IOException {
    Path file = Files.writeString(work.resolve("limpid.json"), configuration);
    Path program = work.resolve("limpid-configured");
    Files.writeString(
        program, "#!/bin/sh\nLIMPID_CONFIG=" + file + " exec " + executable() + " \"$@\"\n");
    return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Whether it is Limpid itself. */
  static boolean isLimpid() {
    return System.getProperty("limpid.runtime", "").isEmpty();
  }
}
