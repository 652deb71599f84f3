package dev.limpid.proto;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.proto.frame.Frame;
import java.io.IOException;

/** The JSON of frames that a guest may have written. */
final class FailureText {
  private static final int CODE_MAX = 32;

  /** What the shim and the agent call the kind of failure. */
  final String code;

  /** Their words, fit for a terminal and a log. */
  final String message;

  private FailureText(String code, String message) {
    this.code = code;
    this.message = message;
  }

  /** Reads a FAILURE. */
  static FailureText of(Frame frame) throws IOException {
    try {
      JsonCursor json =
          JsonCursor.root("FAILURE", new JsonReader("FAILURE").parse(frame.payload()));
      return new FailureText(
          code(json.required("code")), printable(json.requiredString("message")));
    } catch (DocumentException broken) {
      throw broken(broken);
    }
  }

  /** Reads a RESULT. */
  static JsonObject result(Frame frame, String method) throws IOException {
    String document = "RESULT of " + method;
    try {
      return JsonCursor.root(document, new JsonReader(document).parse(frame.payload())).asObject();
    } catch (DocumentException broken) {
      throw broken(broken);
    }
  }

  /** The message shows what was found, which may be anything. */
  private static IOException broken(DocumentException broken) {
    return new IOException("broken protocol: " + printable(broken.getMessage()), broken);
  }

  private static String code(JsonCursor json) {
    String code = json.asString();
    for (int i = 0; i < code.length(); i++) {
      char c = code.charAt(i);
      if ((c < 'a' || c > 'z') && c != '-') {
        throw json.invalid("must be small letters and '-'");
      }
    }
    if (code.isEmpty() || code.length() > CODE_MAX) {
      throw json.invalid("must be a short word");
    }
    return code;
  }

  /** The text with line breaks and tabs, but without anything else that a terminal acts upon. */
  static String printable(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    int at = 0;
    while (at < text.length()) {
      int point = text.codePointAt(at);
      at += Character.charCount(point);
      if (point == '\n' || point == '\t' || isPrintable(point)) {
        clean.appendCodePoint(point);
      } else if (point != '\r') {
        clean.append('\ufffd');
      }
    }
    return clean.toString();
  }

  private static boolean isPrintable(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
