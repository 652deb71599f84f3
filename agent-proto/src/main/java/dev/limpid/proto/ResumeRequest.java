package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;

/** Lets all processes of a frozen container go on. The result is empty. */
public record ResumeRequest() implements AgentRequest {
  @Override
  public String method() {
    return "resume";
  }

  @Override
  public JsonObject toJson() {
    return JsonObject.builder().put("method", method()).build();
  }
}
