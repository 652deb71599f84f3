package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;

/**
 * Changes the limits of the container. The result is empty.
 *
 * @param resources the text of an OCI LinuxResources object, up to 64 KiB
 */
public record UpdateRequest(String resources) implements AgentRequest {
  @Override
  public String method() {
    return "update";
  }

  @Override
  public JsonObject toJson() {
    return JsonObject.builder().put("method", method()).put("resources", resources).build();
  }
}
