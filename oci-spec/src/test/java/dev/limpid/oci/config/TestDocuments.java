package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The documents among the test resources, and what is needed to take them apart. */
final class TestDocuments {
  private TestDocuments() {}

  /** The document in which every member that the parser knows is set. */
  static JsonObject full() {
    return object(text("full-config.json"));
  }

  /** The smallest document that is accepted. */
  static JsonObject minimal() {
    return object(
        """
        {"ociVersion": "1.2.0", "process": {"args": ["sh"], "cwd": "/"}, "root": {"path": "r"}}
        """);
  }

  /** The content of a test resource. */
  static String text(String resource) {
    try (InputStream in =
        Objects.requireNonNull(TestDocuments.class.getResourceAsStream(resource), resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The tree of a JSON text. */
  static JsonValue json(String text) {
    return new JsonReader("test").parse(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The tree of the JSON text of an object. */
  static JsonObject object(String text) {
    return (JsonObject) json(text);
  }

  /** Every place below the root of a document, each after what it stands in. */
  static List<JsonCursor> places(JsonValue document) {
    List<JsonCursor> places = new ArrayList<>();
    collect(JsonCursor.root("test", document), places);
    return places;
  }

  private static void collect(JsonCursor parent, List<JsonCursor> places) {
    List<JsonCursor> children =
        switch (parent.value().kind()) {
          case "an object" -> parent.members();
          case "an array" -> parent.elements();
          default -> List.of();
        };
    for (JsonCursor child : children) {
      places.add(child);
      collect(child, places);
    }
  }
}
