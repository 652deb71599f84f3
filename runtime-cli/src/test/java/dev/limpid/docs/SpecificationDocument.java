package dev.limpid.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * docs/specification.md as its tables.
 *
 * @param fields what becomes of each field of config.json
 * @param differences where Limpid does something else than runc
 */
record SpecificationDocument(List<Row> fields, List<Row> differences) {
  private static final String FIELDS = "## The fields";
  private static final String DIFFERENCES = "## Where Limpid differs from runc";
  private static final Pattern COLUMN = Pattern.compile("(?<!\\\\)\\|");
  private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");

  /** Copies the lists. */
  SpecificationDocument {
    fields = List.copyOf(fields);
    differences = List.copyOf(differences);
  }

  /**
   * A row of a table.
   *
   * @param line its number in the document
   * @param cells its columns, without spaces around them
   */
  record Row(int line, List<String> cells) {
    /** Copies the list. */
    Row {
      cells = List.copyOf(cells);
    }

    /** What is quoted in a column. */
    List<String> quoted(int column) {
      List<String> quoted = new ArrayList<>();
      Matcher matcher = QUOTED.matcher(cells.get(column));
      while (matcher.find()) {
        quoted.add(matcher.group(1));
      }
      return quoted;
    }

    /** The tests that it names, in its last column. */
    List<String> tests() {
      return quoted(cells.size() - 1);
    }

    @Override
    public String toString() {
      return "line " + line + ": " + cells.get(0);
    }
  }

  static SpecificationDocument read(Path file) throws IOException {
    List<Row> fields = new ArrayList<>();
    List<Row> differences = new ArrayList<>();
    List<Row> chapter = new ArrayList<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.startsWith("## ")) {
        chapter =
            switch (line) {
              case FIELDS -> fields;
              case DIFFERENCES -> differences;
              default -> new ArrayList<>();
            };
      } else if (line.startsWith("|") && !isHeading(lines, i)) {
        chapter.add(new Row(i + 1, cells(line)));
      }
    }
    return new SpecificationDocument(fields, differences);
  }

  /** The line of the columns' names, and the one of dashes below it. */
  private static boolean isHeading(List<String> lines, int i) {
    return isRule(lines.get(i)) || (i + 1 < lines.size() && isRule(lines.get(i + 1)));
  }

  private static boolean isRule(String line) {
    return line.startsWith("|") && line.chars().allMatch(c -> "|-: ".indexOf(c) >= 0);
  }

  private static List<String> cells(String line) {
    String inner = line.substring(1, line.length() - (line.endsWith("|") ? 1 : 0));
    List<String> cells = new ArrayList<>();
    for (String cell : COLUMN.split(inner, -1)) {
      cells.add(cell.strip());
    }
    return cells;
  }
}
