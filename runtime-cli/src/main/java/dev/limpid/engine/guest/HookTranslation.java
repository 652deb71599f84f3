package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.util.Optional;

/**
 * The section {@code hooks}: startContainer hooks run in the container, so in the guest; all others
 * are programs of the host.
 */
final class HookTranslation {
  private HookTranslation() {}

  /**
   * The section for the guest, empty if nothing of it is left.
   *
   * @param config the bundle's config.json
   * @throws dev.limpid.oci.json.InvalidSpecException for createContainer hooks
   */
  static Optional<JsonObject> translate(JsonCursor config) {
    Optional<JsonCursor> hooks = config.optional("hooks");
    if (hooks.isEmpty()) {
      return Optional.empty();
    }
    if (!hooks.get().optionalElements("createContainer").isEmpty()) {
      throw hooks
          .get()
          .required("createContainer")
          .invalid(
              "can't be run: these are programs of the host in the container's namespaces, which are"
                  + " in another kernel");
    }
    return hooks
        .get()
        .optional("startContainer")
        .map(start -> JsonObject.empty().with("startContainer", start.value()));
  }
}
