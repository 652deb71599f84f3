package dev.limpid.caller;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What docs/engines.md tells users of an engine, with the runtime where it is for the tests. */
final class EnginesPage {
  private static final Path PAGE = Path.of("../docs/engines.md");
  private static final String FENCE = "```";

  private EnginesPage() {}

  /** The blocks of one language in the section of an engine, in their order. */
  static List<String> blocks(String engine, String language) throws IOException {
    List<String> blocks = new ArrayList<>();
    boolean inSection = false;
    StringBuilder block = null;
    for (String line : Files.readAllLines(PAGE)) {
      if (line.startsWith("## ")) {
        inSection = line.equals("## " + engine);
      } else if (inSection && block == null && line.equals(FENCE + language)) {
        block = new StringBuilder();
      } else if (block != null && line.equals(FENCE)) {
        blocks.add(block.toString());
        block = null;
      } else if (block != null) {
        block.append(installed(line)).append('\n');
      }
    }
    if (blocks.isEmpty()) {
      throw new AssertionError(PAGE + ": no " + language + " for " + engine);
    }
    return blocks;
  }

  /** The commands for an engine. */
  static List<String> commands(String engine) throws IOException {
    return String.join("", blocks(engine, "sh")).lines().toList();
  }

  private static String installed(String line) {
    return line.replace("/usr/local/bin/limpid", TestedRuntime.executable());
  }
}
