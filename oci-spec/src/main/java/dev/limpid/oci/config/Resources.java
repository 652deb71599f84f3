package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonObject;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Limits of a cgroup (config-linux.md, "Control groups").
 *
 * @param memory memory limits
 * @param cpu CPU limits
 * @param pidsLimit how many tasks; 0 and below: no limit
 * @param blockIo limits on block devices
 * @param hugepageLimits limits on huge pages
 * @param network classes and priorities of packets
 * @param rdma limits on RDMA, by device
 * @param unified files of cgroup v2 and what to write to them
 * @param devices which devices may be used, the last match wins
 * @param raw the section as it was read, unknown members included
 */
public record Resources(
    Memory memory,
    Cpu cpu,
    OptionalLong pidsLimit,
    BlockIo blockIo,
    List<HugepageLimit> hugepageLimits,
    NetworkResources network,
    Map<String, RdmaLimit> rdma,
    Map<String, String> unified,
    List<DeviceRule> devices,
    JsonObject raw) {
  /** Copies the collections. */
  public Resources {
    hugepageLimits = List.copyOf(hugepageLimits);
    rdma = Collections.unmodifiableMap(new LinkedHashMap<>(rdma));
    unified = Collections.unmodifiableMap(new LinkedHashMap<>(unified));
    devices = List.copyOf(devices);
  }

  /** No limit at all. */
  public static final Resources NONE =
      new Resources(
          Memory.NONE,
          Cpu.NONE,
          OptionalLong.empty(),
          BlockIo.NONE,
          List.of(),
          NetworkResources.NONE,
          Map.of(),
          Map.of(),
          List.of(),
          JsonObject.empty());
}
