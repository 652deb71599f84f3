package dev.limpid.proto;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.PrintableText;
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
          code(json.required("code")), PrintableText.of(json.requiredString("message")));
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
    return new IOException("broken protocol: " + PrintableText.of(broken.getMessage()), broken);
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
}
