package dev.limpid.engine.guest;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.vm.cgroup.LimitSettings;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An OCI LinuxResources object for the guest (docs/resources.md): limits hold there as they are,
 * but for those that name processors, memory nodes and disks of the host, which have other numbers
 * in a guest and are limited on the host, and for those that cgroup v2 has not.
 */
public final class GuestResources {
  private static final JsonNumber ZERO = JsonNumber.of(0);

  private GuestResources() {}

  /**
   * Translates resources.
   *
   * @param resources as the caller gave them; not refused by {@link UnsupportedResources}
   * @param journal told what was left out
   */
  public static JsonObject translate(JsonObject resources, Journal journal) {
    JsonObject result = resources;
    for (String section : List.of("cpu", "memory", "pids")) {
      Optional<JsonObject> limits = section(result, section);
      if (limits.isPresent()) {
        result = result.with(section, withoutZeros(limits.get()));
      }
    }
    for (String section : List.of("blockIO", "network", "rdma")) {
      result = result.without(section);
    }
    Optional<JsonObject> memory = section(result, "memory");
    if (memory.isPresent()) {
      result = result.with("memory", memory(memory.get(), journal));
    }
    Optional<JsonObject> unified = section(result, "unified");
    if (unified.isPresent()) {
      result = result.with("unified", ofGuest(unified.get()));
    }
    Optional<JsonObject> cpu = section(result, "cpu");
    return cpu.isPresent() ? withProcessors(result, cpu.get()) : result;
  }

  /** The section {@code linux} with its resources translated. */
  static JsonObject ofLinux(JsonObject linux, Journal journal) {
    Optional<JsonObject> resources = section(linux, "resources");
    return resources.isPresent()
        ? linux.with("resources", translate(resources.get(), journal))
        : linux;
  }

  private static Optional<JsonObject> section(JsonObject object, String name) {
    Optional<JsonValue> found = object.get(name);
    return found.isPresent() && found.get() instanceof JsonObject section
        ? Optional.of(section)
        : Optional.empty();
  }

  /** The kernel counts all memory together, always with the groups below. */
  private static JsonObject memory(JsonObject limits, Journal journal) {
    for (String deprecated : List.of("kernel", "kernelTCP")) {
      if (limits.get(deprecated).isPresent()) {
        journal.warn(
            "linux.resources.memory."
                + deprecated
                + ": ignored, it is deprecated: the limit of"
                + " memory holds for the kernel's too");
      }
    }
    return limits
        .without("kernel")
        .without("kernelTCP")
        .without("useHierarchy")
        .without("disableOOMKiller")
        // Of the VM's memory, which the host may swap; a guest has no swap.
        .without("swappiness");
  }

  private static JsonObject withProcessors(JsonObject resources, JsonObject limits) {
    JsonObject cpu =
        limits.without("cpus").without("mems").without("realtimeRuntime").without("realtimePeriod");
    Optional<JsonValue> burst = cpu.get("burst");
    if (burst.isEmpty() || !(burst.get() instanceof JsonNumber micros)) {
      return resources.with("cpu", cpu);
    }
    // crun does not know it.
    JsonObject unified = section(resources, "unified").orElse(JsonObject.empty());
    if (unified.get("cpu.max.burst").isEmpty()) {
      unified = unified.with("cpu.max.burst", new JsonString(micros.text()));
    }
    return resources.with("cpu", cpu.without("burst")).with("unified", unified);
  }

  private static JsonObject ofGuest(JsonObject unified) {
    JsonObject result = unified;
    for (String file : unified.members().keySet()) {
      if (LimitSettings.isOfHost(file)) {
        result = result.without(file);
      }
    }
    return result;
  }

  /** Callers write 0 where they mean nothing, and runc takes it so; crun takes it as a limit. */
  private static JsonObject withoutZeros(JsonObject limits) {
    JsonObject result = limits;
    for (Map.Entry<String, JsonValue> limit : limits.members().entrySet()) {
      boolean means = limit.getKey().equals("swappiness") || limit.getKey().equals("idle");
      if (limit.getValue().equals(ZERO) && !means) {
        result = result.without(limit.getKey());
      }
    }
    return result;
  }
}
