package dev.limpid.engine.guest;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * The section {@code annotations} for the guest. Some are settings of crun, which is not the
 * caller's runtime: they mean nothing.
 */
final class AnnotationTranslation {
  private static final String OF_CRUN = "run.oci.";

  private AnnotationTranslation() {}

  /**
   * The annotations for the guest.
   *
   * @param config the bundle's config.json
   * @param journal told what was left out
   */
  static JsonObject translate(JsonCursor config, Journal journal) {
    Optional<JsonCursor> given = config.optional("annotations");
    JsonObject annotations = given.isPresent() ? given.get().asObject() : JsonObject.empty();
    for (String key : List.copyOf(annotations.members().keySet())) {
      if (key.startsWith(OF_CRUN)) {
        journal.debug("annotations." + key + ": left out, it is a setting of crun");
        annotations = annotations.without(key);
      }
    }
    return annotations;
  }
}
