package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;

/** Changes nothing: that it is answered says that the agent is there. The result is empty. */
public record PingRequest() implements AgentRequest {
  @Override
  public String method() {
    return "ping";
  }

  @Override
  public JsonObject toJson() {
    return JsonObject.builder().put("method", method()).build();
  }
}
