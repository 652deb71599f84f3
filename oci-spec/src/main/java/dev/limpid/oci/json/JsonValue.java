package dev.limpid.oci.json;

/** One value of a JSON document. Immutable, and equal to any other tree of the same content. */
public sealed interface JsonValue
    permits JsonObject, JsonArray, JsonString, JsonNumber, JsonBoolean, JsonNull {

  /** The kind of this value as it reads in a sentence: "a string", "an object", "null". */
  String kind();
}
