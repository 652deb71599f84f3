package dev.limpid.variant;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonWriter;
import java.nio.charset.StandardCharsets;

/**
 * What the property {@code limpid.variant} puts into every test's configuration, as a JSON object:
 * another hypervisor, or no templates.
 */
public final class Variant {
  private static final String PROPERTY = "limpid.variant";

  private Variant() {}

  /** Whether there is anything. */
  public static boolean isSet() {
    return !System.getProperty(PROPERTY, "").isEmpty();
  }

  /**
   * A configuration with it.
   *
   * @param text the test's own configuration; what that says holds
   */
  public static String of(String text) {
    if (!isSet()) {
      return text;
    }
    JsonObject configuration = object(System.getProperty(PROPERTY));
    for (JsonCursor member : JsonCursor.root("configuration", object(text)).members()) {
      configuration = configuration.with(member.key(), member.value());
    }
    return JsonWriter.compact().write(configuration);
  }

  private static JsonObject object(String text) {
    return JsonCursor.root(
            PROPERTY, new JsonReader(PROPERTY).parse(text.getBytes(StandardCharsets.UTF_8)))
        .asObject();
  }
}
