package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;

/** Lets the container's program go. The result is empty. */
public record StartRequest() implements AgentRequest {
  @Override
  public String method() {
    return "start";
  }

  @Override
  public JsonObject toJson() {
    return JsonObject.builder().put("method", method()).build();
  }
}
