package dev.limpid.behaviour;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The table of checks that say something else than with runc. Its first column names checks, its
 * second where they do: ways of the root filesystem, or a volume.
 */
final class KnownDifferences {
  private static final String CHAPTER = "## Where file systems differ from runc's";
  private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");
  private static final int COLUMNS = 4;

  private final Map<String, Set<String>> checks;

  private KnownDifferences(Map<String, Set<String>> checks) {
    this.checks = checks;
  }

  /** Reads the page that has the table. */
  static KnownDifferences read(Path page) throws IOException {
    String text = Files.readString(page);
    int start = text.indexOf(CHAPTER);
    if (start < 0) {
      throw new IllegalStateException(page + ": has no chapter \"" + CHAPTER + '"');
    }
    int end = text.indexOf("\n## ", start + 1);
    Map<String, Set<String>> checks = new TreeMap<>();
    for (String line : text.substring(start, end < 0 ? text.length() : end).lines().toList()) {
      if (!line.startsWith("| `")) {
        continue;
      }
      List<String> cells = List.of(line.substring(1, line.lastIndexOf('|')).split("\\|"));
      if (cells.size() != COLUMNS || cells.stream().anyMatch(String::isBlank)) {
        throw new IllegalStateException(page + ": not " + COLUMNS + " columns: " + line);
      }
      for (String where : quoted(cells.get(1))) {
        checks.computeIfAbsent(where, none -> new HashSet<>()).addAll(quoted(cells.get(0)));
      }
    }
    return new KnownDifferences(checks);
  }

  private static Set<String> quoted(String cell) {
    Set<String> names = new HashSet<>();
    Matcher matcher = QUOTED.matcher(cell);
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    return names;
  }

  /** The checks that differ in a place. */
  Set<String> of(String where) {
    return checks.getOrDefault(where, Set.of());
  }
}
