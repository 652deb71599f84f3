package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;

/** Freezes all processes of the container. The result is empty; frozen already is no failure. */
public record PauseRequest() implements AgentRequest {
  @Override
  public String method() {
    return "pause";
  }

  @Override
  public JsonObject toJson() {
    return JsonObject.builder().put("method", method()).build();
  }
}
