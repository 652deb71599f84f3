package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;
import java.util.Optional;

/**
 * Makes the container in the guest; its program waits for {@link StartRequest}. The result holds
 * {@code pid}, a number of the guest.
 *
 * @param config the text of the guest's config.json
 * @param terminal the size of its terminal, if it has one and the size is known
 * @param settings what crun does not know of
 */
public record CreateRequest(
    String config, Optional<TerminalSize> terminal, ContainerSettings settings)
    implements AgentRequest {
  /** A container that crun knows everything of. */
  public CreateRequest(String config, Optional<TerminalSize> terminal) {
    this(config, terminal, ContainerSettings.NONE);
  }

  @Override
  public String method() {
    return "create";
  }

  @Override
  public JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder().put("method", method()).put("config", config);
    if (terminal.isPresent()) {
      json.put("rows", terminal.get().rows()).put("columns", terminal.get().columns());
    }
    settings.addTo(json);
    return json.build();
  }
}
