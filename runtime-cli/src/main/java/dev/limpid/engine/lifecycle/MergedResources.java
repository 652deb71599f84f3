package dev.limpid.engine.lifecycle;

import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import java.util.Map;

/** The limits of a container after some of them have been changed. */
final class MergedResources {
  private static final JsonNumber ZERO = JsonNumber.of(0);
  private static final JsonString NOTHING = new JsonString("");

  private MergedResources() {}

  /**
   * Limits with others laid over them. Members of objects count one by one; callers write 0, and
   * empty lists of processors, for what is to stay.
   */
  static JsonObject of(JsonObject before, JsonObject changes) {
    JsonObject result = before;
    for (Map.Entry<String, JsonValue> change : changes.members().entrySet()) {
      JsonValue value = change.getValue();
      if (value.equals(ZERO) || value.equals(NOTHING)) {
        continue;
      }
      JsonValue old = result.get(change.getKey()).orElse(value);
      boolean objects = value instanceof JsonObject && old instanceof JsonObject;
      result =
          result.with(change.getKey(), objects ? of((JsonObject) old, (JsonObject) value) : value);
    }
    return result;
  }
}
