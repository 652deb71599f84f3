package dev.limpid.cli;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Rows for people, as runc's list prints them. */
final class TextTable {
  private static final int GAP = 3;
  private static final int COLUMN_MIN = 12;

  private final List<String[]> rows = new ArrayList<>();

  TextTable(String... headings) {
    row(headings);
  }

  /** A time as a cell: to the second. */
  static String seconds(Instant time) {
    return Instant.ofEpochSecond(time.getEpochSecond()).toString();
  }

  void row(String... cells) {
    rows.add(cells.clone());
  }

  String text() {
    int[] widths = new int[rows.get(0).length];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        widths[i] = Math.max(widths[i], Math.max(row[i].length() + GAP, COLUMN_MIN));
      }
    }
    StringBuilder table = new StringBuilder();
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        table.append(row[i]);
        if (i < row.length - 1) {
          table.append(" ".repeat(widths[i] - row[i].length()));
        }
      }
      table.append('\n');
    }
    return table.toString();
  }
}
