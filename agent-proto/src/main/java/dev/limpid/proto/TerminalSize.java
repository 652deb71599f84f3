package dev.limpid.proto;

/**
 * The size of a terminal.
 *
 * @param rows lines of text, 0 (unknown) to 65535
 * @param columns characters in a line, 0 (unknown) to 65535
 */
public record TerminalSize(int rows, int columns) {
  private static final int MAX = 0xffff;

  /** Checks the ranges. */
  public TerminalSize {
    if (rows < 0 || rows > MAX || columns < 0 || columns > MAX) {
      throw new IllegalArgumentException(
          "a terminal of " + columns + " columns, " + rows + " rows");
    }
  }
}
