package dev.limpid.oci.json;

/** A document is not JSON, or not JSON that is safe to read. */
public final class JsonSyntaxException extends DocumentException {
  private static final long serialVersionUID = 1L;

  private final int line;
  private final int column;

  JsonSyntaxException(String document, int line, int column, String problem) {
    super(document, document + ":" + line + ":" + column + ": " + problem);
    this.line = line;
    this.column = column;
  }

  /** The line, from 1. */
  public int line() {
    return line;
  }

  /** The column, from 1, counted in UTF-16 units (in bytes where the text is not UTF-8). */
  public int column() {
    return column;
  }
}
