package dev.limpid.behaviour;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** JSON, from and to text. */
final class Json {
  private Json() {}

  static JsonValue parse(String text) {
    return new JsonReader("output").parse(text.getBytes(StandardCharsets.UTF_8));
  }

  static JsonCursor read(String text) {
    return JsonCursor.root("output", parse(text));
  }

  static JsonObject object(String text) {
    return read(text).asObject();
  }

  static JsonArray strings(String... values) {
    return JsonArray.ofStrings(List.of(values));
  }

  /** An array of arrays of texts and numbers. */
  static String steps(List<List<Object>> steps) {
    List<JsonValue> all = new ArrayList<>();
    for (List<Object> step : steps) {
      List<JsonValue> one = new ArrayList<>();
      for (Object word : step) {
        one.add(
            word instanceof Integer number
                ? JsonNumber.of(number)
                : new JsonString(word.toString()));
      }
      all.add(new JsonArray(one));
    }
    return JsonWriter.compact().write(new JsonArray(all));
  }
}
