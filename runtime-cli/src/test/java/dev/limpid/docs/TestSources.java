package dev.limpid.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The tests in the source tree, as documents name them: {@code Class} or {@code Class#method}. */
final class TestSources {
  private final Map<String, String> texts = new HashMap<>();

  /**
   * Reads the test classes of all modules.
   *
   * @param tree the folder of the modules
   */
  static TestSources read(Path tree) throws IOException {
    TestSources sources = new TestSources();
    try (Stream<Path> modules = Files.list(tree)) {
      for (Path module : modules.toList()) {
        Path tests = module.resolve("src/test/java");
        if (Files.isDirectory(tests)) {
          sources.add(tests);
        }
      }
    }
    return sources;
  }

  private void add(Path tests) throws IOException {
    try (Stream<Path> files = Files.walk(tests)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(".java")) {
          // One name may be that of a class in each of several modules.
          texts.merge(
              name.substring(0, name.length() - ".java".length()),
              Files.readString(file),
              String::concat);
        }
      }
    }
  }

  /** What is wrong with the name of a test; empty if there is one. */
  Optional<String> problemWith(String test) {
    int hash = test.indexOf('#');
    String text = texts.getOrDefault(hash < 0 ? test : test.substring(0, hash), "");
    if (text.isEmpty()) {
      return Optional.of(test + ": there is no such class");
    }
    if (hash < 0) {
      return text.contains("@Test\n") ? Optional.empty() : Optional.of(test + ": has no tests");
    }
    int method = text.indexOf(" void " + test.substring(hash + 1) + "(");
    if (method < 0) {
      return Optional.of(test + ": there is no such method");
    }
    // Between the method before it and its own head are its annotations.
    String before = text.substring(0, method);
    String head = before.substring(Math.max(0, before.lastIndexOf("\n  }\n")));
    return List.of("@Test\n", "@ParameterizedTest\n").stream().anyMatch(head::contains)
        ? Optional.empty()
        : Optional.of(test + ": is not a test");
  }
}
