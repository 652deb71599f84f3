package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;

/** Asks what the container uses; the result is described in docs/protocol.md. */
public record StatsRequest() implements AgentRequest {
  @Override
  public String method() {
    return "stats";
  }

  @Override
  public JsonObject toJson() {
    return JsonObject.builder().put("method", method()).build();
  }
}
