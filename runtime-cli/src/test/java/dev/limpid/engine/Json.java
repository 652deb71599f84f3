package dev.limpid.engine;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonValue;
import java.nio.charset.StandardCharsets;

/** JSON as tests write it down: apostrophes stand for quotes. */
public final class Json {
  private Json() {}

  /** A value. */
  public static JsonValue of(String text) {
    return parse(text.replace('\'', '"'));
  }

  /** A value that a program has written. */
  public static JsonValue parse(String text) {
    return new JsonReader("test").parse(text.getBytes(StandardCharsets.UTF_8));
  }

  /** An object. */
  public static JsonObject object(String text) {
    return JsonCursor.root("test", of(text)).asObject();
  }

  /** An object that is called config.json in messages. */
  public static JsonCursor config(String text) {
    return JsonCursor.root("config.json", of(text));
  }
}
