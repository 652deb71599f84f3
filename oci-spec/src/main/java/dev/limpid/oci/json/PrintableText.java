package dev.limpid.oci.json;

/** Text of strangers, of several lines perhaps, made fit to be shown as it is. */
public final class PrintableText {
  private PrintableText() {}

  /** The text with line breaks and tabs, but without anything else that a terminal acts upon. */
  public static String of(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    int at = 0;
    while (at < text.length()) {
      int point = text.codePointAt(at);
      at += Character.charCount(point);
      if (point == '\n' || point == '\t' || QuotedText.isPlain(point)) {
        clean.appendCodePoint(point);
      } else if (point != '\r') {
        clean.append('\ufffd');
      }
    }
    return clean.toString();
  }
}
