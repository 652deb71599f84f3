package dev.limpid.caller;

import dev.limpid.variant.Variant;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * What callers know by the name limpid: Limpid, or what the property {@code limpid.runtime} names
 * in its place, to see whether a test is right.
 */
final class TestedRuntime {
  private static final String EXECUTABLE = find();

  private TestedRuntime() {}

  /** The path of its executable. */
  static String executable() {
    return EXECUTABLE;
  }

  private static String find() {
    if (!isLimpid()) {
      return System.getProperty("limpid.runtime");
    }
    return Variant.isSet() ? variant().toString() : installed();
  }

  /** The path of Limpid's own executable. */
  static String installed() {
    return System.getProperty("limpid.dist") + "/bin/limpid";
  }

  private static Path variant() {
    try {
      return configured(Files.createTempDirectory("limpid-variant-"), "{}");
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /**
   * A program that is the same with a configuration of its own.
   *
   * @param work where both are made
   * @param configuration the configuration's text
   */
  static Path configured(WorkFolder work, String configuration) throws IOException {
    return configured(work.resolve("limpid.json").getParent(), configuration);
  }

  private static Path configured(Path work, String configuration) throws IOException {
    Path file = Files.writeString(work.resolve("limpid.json"), Variant.of(configuration));
    Path program = work.resolve("limpid-configured");
    // A caller that has a configuration of its own gets that.
    Files.writeString(
        program,
        "#!/bin/sh\n: \"${LIMPID_CONFIG:=%s}\"\nexport LIMPID_CONFIG\nexec %s \"$@\"\n"
            .formatted(file, installed()));
    return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Whether it is Limpid itself. */
  static boolean isLimpid() {
    return System.getProperty("limpid.runtime", "").isEmpty();
  }
}
