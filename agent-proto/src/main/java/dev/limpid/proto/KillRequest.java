package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;

/**
 * Sends a signal into the container. The result is empty.
 *
 * @param signal its number, 1 to 64
 * @param all to every process of the container, not only its first
 */
public record KillRequest(int signal, boolean all) implements AgentRequest {
  private static final int SIGNAL_MAX = 64;

  /** Checks the range. */
  public KillRequest {
    if (signal < 1 || signal > SIGNAL_MAX) {
      throw new IllegalArgumentException("signal " + signal);
    }
  }

  @Override
  public String method() {
    return "kill";
  }

  @Override
  public JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder().put("method", method()).put("signal", signal);
    if (all) {
      json.put("all", true);
    }
    return json.build();
  }
}
