package dev.limpid.oci.json;

import java.util.Objects;

/**
 * A JSON string.
 *
 * @param value the characters, unescaped
 */
public record JsonString(String value) implements JsonValue {
  /** Refuses null. */
  public JsonString {
    Objects.requireNonNull(value);
  }

  @Override
  public String kind() {
    return "a string";
  }
}
