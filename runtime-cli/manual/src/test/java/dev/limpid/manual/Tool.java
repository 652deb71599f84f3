package dev.limpid.manual;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Programs that read what was generated. */
final class Tool {
  private Tool() {}

  /** A file of the installation that is tested. */
  static Path installed(String path) {
    return Path.of(System.getProperty("limpid.dist")).resolve(path);
  }

  /**
   * Runs a program to its end, which has to be a good one.
   *
   * @return what it printed, errors and warnings as well
   */
  static String output(InputStream input, String... command)
      throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var in = process.getOutputStream()) {
      input.transferTo(in);
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
