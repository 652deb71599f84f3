package dev.limpid.oci.json;

import java.util.ArrayList;
import java.util.List;

/**
 * A JSON array.
 *
 * @param elements the values in their order, unmodifiable
 */
public record JsonArray(List<JsonValue> elements) implements JsonValue {
  private static final JsonArray EMPTY = new JsonArray(List.of());

  /** Copies the elements. */
  public JsonArray {
    elements = List.copyOf(elements);
  }

  /** The array without elements. */
  public static JsonArray empty() {
    return EMPTY;
  }

  /** An array of the given values. */
  public static JsonArray of(JsonValue... elements) {
    return new JsonArray(List.of(elements));
  }

  /** An array of strings. */
  public static JsonArray ofStrings(List<String> values) {
    List<JsonValue> elements = new ArrayList<>(values.size());
    for (String value : values) {
      elements.add(new JsonString(value));
    }
    return new JsonArray(elements);
  }

  /** This array with one more value at its end. */
  public JsonArray with(JsonValue element) {
    List<JsonValue> longer = new ArrayList<>(elements.size() + 1);
    longer.addAll(elements);
    longer.add(element);
    return new JsonArray(longer);
  }

  @Override
  public String kind() {
    return "an array";
  }
}
