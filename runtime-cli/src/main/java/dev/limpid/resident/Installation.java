package dev.limpid.resident;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * What this process was started from, as it was then: Limpid's own files, and the JDK's. Whatever
 * is replaced is another file, or a folder that has changed.
 */
public final class Installation {
  private final List<Path> files;
  private final List<String> states;

  private Installation(List<Path> files) {
    this.files = files;
    states = states(files);
  }

  /**
   * That of this process.
   *
   * @param home the folder of Limpid's own files
   */
  public static Installation of(Path home) {
    Path java = Path.of(System.getProperty("java.home"));
    return of(
        List.of(
            home.resolve("launcher"),
            home.resolve("jars"),
            java.resolve("bin/java"),
            java.resolve("lib/modules")));
  }

  static Installation of(List<Path> files) {
    return new Installation(List.copyOf(files));
  }

  /** Whether something else would be started by now. */
  boolean hasChanged() {
    return !states(files).equals(states);
  }

  private static List<String> states(List<Path> files) {
    List<String> states = new ArrayList<>();
    for (Path file : files) {
      states.add(state(file));
    }
    return states;
  }

  private static String state(Path file) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return attributes.fileKey() + " " + attributes.lastModifiedTime();
    } catch (IOException missing) {
      return "";
    }
  }
}
