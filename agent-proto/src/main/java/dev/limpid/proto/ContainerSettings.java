package dev.limpid.proto;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a container is to be given by the agent, because crun does not know of it.
 *
 * @param sysctls of the guest's kernel as a whole, written in this order before the container is
 *     made; at most 256
 * @param mounts what becomes of its mounts, in this order; at most 4096
 * @param time its clocks, if it has a time namespace of its own
 * @param scheduling of its first process
 * @param sockets of the host, that it can connect to, by their number; at most 64
 */
public record ContainerSettings(
    List<GuestSysctl> sysctls,
    List<MountAttributes> mounts,
    Optional<TimeOffsets> time,
    Scheduling scheduling,
    List<GuestSocket> sockets) {
  /** Nothing. */
  public static final ContainerSettings NONE =
      new ContainerSettings(List.of(), List.of(), Optional.empty(), Scheduling.USUAL, List.of());

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException if one is too long
   */
  public ContainerSettings {
    sysctls = List.copyOf(sysctls);
    mounts = List.copyOf(mounts);
    sockets = List.copyOf(sockets);
    if (sysctls.size() > GuestSysctl.COUNT_MAX || mounts.size() > MountAttributes.COUNT_MAX) {
      throw new IllegalArgumentException(
          sysctls.size() + " sysctls, " + mounts.size() + " mounts with attributes");
    }
    if (sockets.size() > GuestSocket.COUNT_MAX) {
      throw new IllegalArgumentException(
          sockets.size() + " sockets for one container: at most " + GuestSocket.COUNT_MAX);
    }
  }

  /** Adds the members of a request. */
  void addTo(JsonObject.Builder json) {
    if (!sysctls.isEmpty()) {
      List<JsonValue> values = new ArrayList<>(sysctls.size());
      for (GuestSysctl sysctl : sysctls) {
        values.add(sysctl.toJson());
      }
      json.put("sysctls", new JsonArray(values));
    }
    if (!mounts.isEmpty()) {
      List<JsonValue> values = new ArrayList<>(mounts.size());
      for (MountAttributes mount : mounts) {
        values.add(mount.toJson());
      }
      json.put("mountAttributes", new JsonArray(values));
    }
    if (!sockets.isEmpty()) {
      List<JsonValue> values = new ArrayList<>(sockets.size());
      for (GuestSocket socket : sockets) {
        values.add(socket.toJson());
      }
      json.put("sockets", new JsonArray(values));
    }
    if (time.isPresent()) {
      json.put("timeOffsets", time.get().toJson());
    }
    scheduling.addTo(json);
  }
}
