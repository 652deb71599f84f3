package dev.limpid.oci.spec;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The config.json that {@code spec} writes: a shell on a terminal, as runc's. */
public final class DefaultConfig {
  private static final String RESOURCE = "default-config.json";

  private DefaultConfig() {}

  /** The document as a tree. */
  public static JsonObject json() {
    try (InputStream in = DefaultConfig.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing from the program");
      }
      JsonValue value = new JsonReader(RESOURCE).read(in);
      if (value instanceof JsonObject object) {
        return object;
      }
      throw new IllegalStateException(RESOURCE + " is " + value.kind());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE, e);
    }
  }

  /** The document as {@code spec} writes it: indented by tabs, with a line break at its end. */
  public static String text() {
    return JsonWriter.indented("\t").write(json()) + "\n";
  }
}
