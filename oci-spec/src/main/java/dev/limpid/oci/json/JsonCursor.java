package dev.limpid.oci.json;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A place in a JSON document: a value and the path that leads to it. Its getters give the value as
 * the type that is expected there, or throw an {@link InvalidSpecException} that names the path.
 *
 * <p>An optional member that is {@code null} counts as absent, as it does for the other runtimes.
 */
public final class JsonCursor {
  private static final int NO_INDEX = -1;

  private final String document;
  private final Optional<JsonCursor> parent;
  private final String key;
  private final int index;
  private final JsonValue value;

  private JsonCursor(
      String document, Optional<JsonCursor> parent, String key, int index, JsonValue value) {
    this.document = document;
    this.parent = parent;
    this.key = key;
    this.index = index;
    this.value = value;
  }

  /**
   * The root of a document.
   *
   * @param document the name in the messages, for example {@code config.json}
   */
  public static JsonCursor root(String document, JsonValue value) {
    return new JsonCursor(document, Optional.empty(), "", NO_INDEX, value);
  }

  /** The value here. */
  public JsonValue value() {
    return value;
  }

  /** The name of the member that this is; empty for the root and for elements of an array. */
  public String key() {
    return key;
  }

  /** The path from the root, for example {@code mounts[3].source}; empty for the root itself. */
  public String path() {
    StringBuilder path = new StringBuilder();
    appendPath(path);
    return path.toString();
  }

  /** The members of the object here, in their order. */
  public List<JsonCursor> members() {
    List<JsonCursor> members = new ArrayList<>();
    for (Map.Entry<String, JsonValue> member : asObject().members().entrySet()) {
      members.add(child(member.getKey(), member.getValue()));
    }
    return members;
  }

  /** The elements of the array here. */
  public List<JsonCursor> elements() {
    if (!(value instanceof JsonArray array)) {
      throw wrongKind("an array");
    }
    List<JsonCursor> elements = new ArrayList<>(array.elements().size());
    for (JsonValue element : array.elements()) {
      elements.add(new JsonCursor(document, Optional.of(this), "", elements.size(), element));
    }
    return elements;
  }

  /** The object here. */
  public JsonObject asObject() {
    if (value instanceof JsonObject object) {
      return object;
    }
    throw wrongKind("an object");
  }

  /** The string here. */
  public String asString() {
    if (value instanceof JsonString string) {
      return string.value();
    }
    throw wrongKind("a string");
  }

  /** The boolean here. */
  public boolean asBoolean() {
    if (value instanceof JsonBoolean literal) {
      return literal.value();
    }
    throw wrongKind("a boolean");
  }

  /** The integer here, which must be within two bounds, both allowed. */
  public long asInteger(long min, long max) {
    OptionalLong integer = asNumber().toInt64();
    if (integer.isEmpty() || integer.getAsLong() < min || integer.getAsLong() > max) {
      throw invalid("must be an integer from " + min + " to " + max);
    }
    return integer.getAsLong();
  }

  /** The signed 32-bit integer here. */
  public int asInt32() {
    return (int) asInteger(Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /** The unsigned 32-bit integer here. */
  public long asUint32() {
    return asInteger(0, 0xffff_ffffL);
  }

  /** The signed 64-bit integer here. */
  public long asInt64() {
    return asInteger(Long.MIN_VALUE, Long.MAX_VALUE);
  }

  /** The bits of the unsigned 64-bit integer here: {@link Long#toUnsignedString} shows them. */
  public long asUint64() {
    OptionalLong bits = asNumber().toUint64();
    if (bits.isEmpty()) {
      throw invalid("must be an integer from 0 to " + Long.toUnsignedString(-1));
    }
    return bits.getAsLong();
  }

  /** The strings of the array here. */
  public List<String> asStrings() {
    List<JsonCursor> elements = elements();
    List<String> strings = new ArrayList<>(elements.size());
    for (JsonCursor element : elements) {
      strings.add(element.asString());
    }
    return strings;
  }

  /** A member that must be there. */
  public JsonCursor required(String member) {
    Optional<JsonValue> found = asObject().get(member);
    if (found.isEmpty() || found.get() == JsonNull.NULL) {
      StringBuilder path = new StringBuilder();
      appendPath(path);
      appendKey(path, member);
      throw new InvalidSpecException(document, path.toString(), "is required, but missing");
    }
    return child(member, found.get());
  }

  /** A member that may be there. */
  public Optional<JsonCursor> optional(String member) {
    Optional<JsonValue> found = asObject().get(member);
    if (found.isEmpty() || found.get() == JsonNull.NULL) {
      return Optional.empty();
    }
    return Optional.of(child(member, found.get()));
  }

  /** A string that must be there. */
  public String requiredString(String member) {
    return required(member).asString();
  }

  /** A string that may be there. */
  public Optional<String> optionalString(String member) {
    Optional<JsonCursor> found = optional(member);
    return found.isEmpty() ? Optional.empty() : Optional.of(found.get().asString());
  }

  /** A boolean that may be there; {@code false} if it is not. */
  public boolean optionalBoolean(String member) {
    Optional<JsonCursor> found = optional(member);
    return found.isPresent() && found.get().asBoolean();
  }

  /** An unsigned 32-bit integer that may be there. */
  public OptionalLong optionalUint32(String member) {
    Optional<JsonCursor> found = optional(member);
    return found.isEmpty() ? OptionalLong.empty() : OptionalLong.of(found.get().asUint32());
  }

  /** A signed 64-bit integer that may be there. */
  public OptionalLong optionalInt64(String member) {
    Optional<JsonCursor> found = optional(member);
    return found.isEmpty() ? OptionalLong.empty() : OptionalLong.of(found.get().asInt64());
  }

  /** The bits of an unsigned 64-bit integer that may be there. */
  public OptionalLong optionalUint64(String member) {
    Optional<JsonCursor> found = optional(member);
    return found.isEmpty() ? OptionalLong.empty() : OptionalLong.of(found.get().asUint64());
  }

  /** The elements of an array that may be there; none if it is not. */
  public List<JsonCursor> optionalElements(String member) {
    Optional<JsonCursor> found = optional(member);
    return found.isEmpty() ? List.of() : found.get().elements();
  }

  /** The members of an object that may be there; none if it is not. */
  public List<JsonCursor> optionalMembers(String member) {
    Optional<JsonCursor> found = optional(member);
    return found.isEmpty() ? List.of() : found.get().members();
  }

  /**
   * The exception for a value that is of the right type and still wrong: the message shows it.
   *
   * @param expectation what it must be, for example {@code must be an absolute path}
   */
  public InvalidSpecException invalid(String expectation) {
    return new InvalidSpecException(document, path(), expectation + ", found " + shown(value));
  }

  /**
   * The exception for a value that is as the specification wants it and cannot be used all the
   * same; nothing is said of what was found.
   *
   * @param problem what is wrong, for example {@code /data does not exist}
   */
  public InvalidSpecException refused(String problem) {
    return new InvalidSpecException(document, path(), problem);
  }

  /** One line that names this place and says something of it, for a warning. */
  public String remark(String text) {
    return InvalidSpecException.locate(document, path(), text);
  }

  private JsonNumber asNumber() {
    if (value instanceof JsonNumber number) {
      return number;
    }
    throw wrongKind("a number");
  }

  private JsonCursor child(String member, JsonValue childValue) {
    return new JsonCursor(document, Optional.of(this), member, NO_INDEX, childValue);
  }

  private InvalidSpecException wrongKind(String expected) {
    return new InvalidSpecException(
        document, path(), "must be " + expected + ", found " + value.kind());
  }

  private static String shown(JsonValue value) {
    if (value instanceof JsonString string) {
      return QuotedText.of(string.value());
    }
    if (value instanceof JsonNumber number) {
      return number.text().length() <= 40 ? number.text() : number.text().substring(0, 40) + "…";
    }
    if (value instanceof JsonBoolean literal) {
      return literal.value() ? "true" : "false";
    }
    if (value instanceof JsonArray array && array.elements().isEmpty()) {
      return "an empty array";
    }
    return value.kind();
  }

  private void appendPath(StringBuilder path) {
    if (parent.isEmpty()) {
      return;
    }
    parent.get().appendPath(path);
    if (index == NO_INDEX) {
      appendKey(path, key);
    } else {
      path.append('[').append(index).append(']');
    }
  }

  private static void appendKey(StringBuilder path, String member) {
    if (!isSimple(member)) {
      path.append('[').append(QuotedText.of(member)).append(']');
      return;
    }
    if (!path.isEmpty()) {
      path.append('.');
    }
    path.append(member);
  }

  private static boolean isSimple(String member) {
    for (int i = 0; i < member.length(); i++) {
      char c = member.charAt(i);
      boolean simple = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!simple && c != '_') {
        return false;
      }
    }
    return !member.isEmpty() && member.length() <= 64;
  }
}
