package dev.limpid.proto;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes a booted guest ready for its container. The result is empty.
 *
 * @param clock what the guest's clock is set to; from 1970 on
 * @param entropy for the guest's random generator
 * @param mounts made in this order; at most 1024
 * @param sync mount points to flush before the container's end is told; at most 64, each an
 *     absolute path below /run/limpid
 * @param upper what fills the upper layer of the container's overlay, as soon as what it lies on is
 *     mounted; empty: the mounts are all there is
 * @param cloned whether the guest has not been booted, but is the clone of a template, and has to
 *     find its devices
 */
public record PrepareRequest(
    Instant clock,
    Entropy entropy,
    List<GuestMount> mounts,
    List<String> sync,
    Optional<GuestUpper> upper,
    boolean cloned)
    implements AgentRequest {
  private static final int MOUNTS_MAX = 1024;
  private static final int SYNC_MAX = 64;

  /** Checks the bounds and makes the lists immutable. */
  public PrepareRequest {
    mounts = List.copyOf(mounts);
    sync = List.copyOf(sync);
    check(mounts, sync);
    if (clock.getEpochSecond() < 0) {
      throw new IllegalArgumentException("clock: " + clock + " is before 1970");
    }
    if (upper.isPresent() && !isMounted(upper.get().target(), mounts)) {
      throw new IllegalArgumentException(upper.get().target() + " is not the target of a mount");
    }
  }

  private static boolean isMounted(String target, List<GuestMount> mounts) {
    for (GuestMount mount : mounts) {
      if (mount.target().equals(target)) {
        return true;
      }
    }
    return false;
  }

  /** Checks mounts, and what to flush, as every request that has them does. */
  static void check(List<GuestMount> mounts, List<String> sync) {
    if (mounts.size() > MOUNTS_MAX) {
      throw new IllegalArgumentException(
          mounts.size() + " mounts for one container: at most " + MOUNTS_MAX);
    }
    if (sync.size() > SYNC_MAX) {
      throw new IllegalArgumentException(
          sync.size() + " mounts to flush for one container: at most " + SYNC_MAX);
    }
    for (String path : sync) {
      GuestMount.checkPath(path);
    }
  }

  /** The mounts as the agent reads them. */
  static JsonArray toJson(List<GuestMount> mounts) {
    List<JsonValue> elements = new ArrayList<>(mounts.size());
    for (GuestMount mount : mounts) {
      elements.add(mount.toJson());
    }
    return new JsonArray(elements);
  }

  @Override
  public String method() {
    return "prepare";
  }

  @Override
  public JsonObject toJson() {
    JsonObject.Builder json =
        JsonObject.builder()
            .put("method", method())
            .put(
                "clock",
                JsonObject.builder()
                    .put("seconds", clock.getEpochSecond())
                    .put("nanoseconds", clock.getNano())
                    .build())
            .put("entropy", entropy.base64())
            .put("mounts", toJson(mounts))
            .put("sync", JsonArray.ofStrings(sync));
    if (upper.isPresent()) {
      json.put("upper", upper.get().toJson());
    }
    if (cloned) {
      json.put("cloned", true);
    }
    return json.build();
  }
}
