package dev.limpid.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The classes that one call has loaded.
 *
 * @param all how many
 * @param outside how many of them were not in the archive
 */
record LoadedClasses(int all, int outside) {
  /** From what the JVM logs of tag {@code class+load}. */
  static LoadedClasses logged(Path log) throws IOException {
    int all = 0;
    int outside = 0;
    for (String line : Files.readAllLines(log)) {
      if (line.contains(" source: ")) {
        all++;
        if (!line.contains(" source: shared objects file")) {
          outside++;
        }
      }
    }
    return new LoadedClasses(all, outside);
  }

  /** From lines of a name and two numbers. */
  static Map<String, LoadedClasses> recorded(List<String> lines) {
    Map<String, LoadedClasses> calls = new LinkedHashMap<>();
    for (String line : lines) {
      String[] words = line.split(" ", -1);
      calls.put(
          words[0], new LoadedClasses(Integer.parseInt(words[1]), Integer.parseInt(words[2])));
    }
    return calls;
  }

  /** In words. */
  String change(LoadedClasses now) {
    return all
        + " classes have become "
        + now.all
        + ", "
        + outside
        + " not from the archive "
        + now.outside;
  }

  @Override
  public String toString() {
    return all + " " + outside;
  }
}
