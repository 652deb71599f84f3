package dev.limpid.cli;

import dev.limpid.oci.SpecVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** What {@code --version} prints: the three lines that Docker and podman read. */
final class Version {
  private Version() {}

  static String text() {
    Properties built = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      built.load(in);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
    return "limpid version "
        + built.getProperty("version")
        + "\ncommit: "
        + built.getProperty("commit")
        + "\nspec: "
        + SpecVersion.CURRENT
        + "\n";
  }
}
