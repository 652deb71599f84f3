package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;
import java.util.Optional;

/**
 * Starts another process in the container. The result holds {@code pid}, a number of the guest.
 *
 * @param process the text of an OCI process object, up to 1 MiB
 * @param terminal the size of its terminal, if it has one and the size is known
 * @param scheduling what crun does not know of
 */
public record ExecRequest(String process, Optional<TerminalSize> terminal, Scheduling scheduling)
    implements AgentRequest {
  @Override
  public String method() {
    return "exec";
  }

  @Override
  public JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder().put("method", method()).put("process", process);
    if (terminal.isPresent()) {
      json.put("rows", terminal.get().rows()).put("columns", terminal.get().columns());
    }
    scheduling.addTo(json);
    return json.build();
  }
}
