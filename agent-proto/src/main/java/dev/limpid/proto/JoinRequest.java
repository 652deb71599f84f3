package dev.limpid.proto;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import java.util.List;

/**
 * Makes another container in a guest that has one. It has to be sent on the link of a shim that has
 * attached to the guest's: the container's init is that shim's process. If it fails, nothing is
 * left of it in the guest. The result is that of a {@link CreateRequest}.
 *
 * @param container its number in the guest, 1 to {@link #CONTAINERS_MAX}
 * @param mounts made in this order, and undone at its end; at most 1024
 * @param sync mount points to flush before the container's end is told; at most 64, each an
 *     absolute path below /run/limpid
 * @param create what it is
 */
public record JoinRequest(
    int container, List<GuestMount> mounts, List<String> sync, CreateRequest create)
    implements AgentRequest {
  /** The most containers that can be in a guest beside the one that it was started for. */
  public static final int CONTAINERS_MAX = 31;

  /** Checks the bounds and makes the lists immutable. */
  public JoinRequest {
    mounts = List.copyOf(mounts);
    sync = List.copyOf(sync);
    PrepareRequest.check(mounts, sync);
    InContainer.check(container);
  }

  @Override
  public String method() {
    return "join";
  }

  @Override
  public JsonObject toJson() {
    return create
        .toJson()
        .with("method", method())
        .with("container", container)
        .with("mounts", PrepareRequest.toJson(mounts))
        .with("sync", JsonArray.ofStrings(sync));
  }
}
