package dev.limpid.oci.json;

import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;

/** Writes a JSON tree as text, members in their order and numbers as they were read. */
public final class JsonWriter {
  private static final JsonWriter COMPACT = new JsonWriter("");

  private final String indent;

  private JsonWriter(String indent) {
    this.indent = indent;
  }

  /** A writer that puts everything on one line without a blank. */
  public static JsonWriter compact() {
    return COMPACT;
  }

  /**
   * A writer with one member or element a line.
   *
   * @param indent what a level is indented by, for example a tab or four spaces; not empty
   */
  public static JsonWriter indented(String indent) {
    if (indent.isEmpty()) {
      throw new IllegalArgumentException("the indentation is empty");
    }
    return new JsonWriter(indent);
  }

  /** The text of a value, without a line break at its end. */
  public String write(JsonValue value) {
    StringBuilder out = new StringBuilder(1024);
    append(out, value, 0);
    return out.toString();
  }

  /** The text of a value in UTF-8, without a line break at its end. */
  public byte[] writeBytes(JsonValue value) {
    return write(value).getBytes(StandardCharsets.UTF_8);
  }

  private void append(StringBuilder out, JsonValue value, int depth) {
    if (value instanceof JsonObject object) {
      appendObject(out, object, depth);
    } else if (value instanceof JsonArray array) {
      appendArray(out, array, depth);
    } else if (value instanceof JsonString string) {
      appendString(out, string.value());
    } else if (value instanceof JsonNumber number) {
      out.append(number.text());
    } else if (value instanceof JsonBoolean literal) {
      out.append(literal.value());
    } else {
      out.append("null");
    }
  }

  private void appendObject(StringBuilder out, JsonObject object, int depth) {
    if (object.isEmpty()) {
      out.append("{}");
      return;
    }
    out.append('{');
    Iterator<Map.Entry<String, JsonValue>> members = object.members().entrySet().iterator();
    while (members.hasNext()) {
      Map.Entry<String, JsonValue> member = members.next();
      breakLine(out, depth + 1);
      appendString(out, member.getKey());
      out.append(indent.isEmpty() ? ":" : ": ");
      append(out, member.getValue(), depth + 1);
      if (members.hasNext()) {
        out.append(',');
      }
    }
    breakLine(out, depth);
    out.append('}');
  }

  private void appendArray(StringBuilder out, JsonArray array, int depth) {
    if (array.elements().isEmpty()) {
      out.append("[]");
      return;
    }
    out.append('[');
    Iterator<JsonValue> elements = array.elements().iterator();
    while (elements.hasNext()) {
      breakLine(out, depth + 1);
      append(out, elements.next(), depth + 1);
      if (elements.hasNext()) {
        out.append(',');
      }
    }
    breakLine(out, depth);
    out.append(']');
  }

  private void breakLine(StringBuilder out, int depth) {
    if (indent.isEmpty()) {
      return;
    }
    out.append('\n');
    for (int i = 0; i < depth; i++) {
      out.append(indent);
    }
  }

  private static void appendString(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < ' ' || c == 0x7f || isHalfOfNothing(text, i)) {
            QuotedText.appendEscape(out, c);
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  /** A surrogate without its partner has no UTF-8: only its escape survives. */
  private static boolean isHalfOfNothing(String text, int at) {
    char c = text.charAt(at);
    if (Character.isHighSurrogate(c)) {
      return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
    }
    return Character.isLowSurrogate(c)
        && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
  }
}
