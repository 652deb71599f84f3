package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;

/**
 * A request about a container that has joined another one's guest ({@link JoinRequest}).
 *
 * @param container its number in the guest, 1 to {@link JoinRequest#CONTAINERS_MAX}
 * @param request what is asked of it
 */
public record InContainer(int container, AgentRequest request) implements AgentRequest {
  /** Checks the number. */
  public InContainer {
    check(container);
  }

  static void check(int container) {
    if (container < 1 || container > JoinRequest.CONTAINERS_MAX) {
      throw new IllegalArgumentException(
          "container " + container + " of a guest: must be 1 to " + JoinRequest.CONTAINERS_MAX);
    }
  }

  @Override
  public String method() {
    return request.method();
  }

  @Override
  public JsonObject toJson() {
    return request.toJson().with("container", container);
  }
}
