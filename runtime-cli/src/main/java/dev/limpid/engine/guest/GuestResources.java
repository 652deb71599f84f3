package dev.limpid.engine.guest;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.util.Map;
import java.util.Optional;

/**
 * An OCI LinuxResources object for the guest: limits hold there as they are, but the processors and
 * memory nodes that a container is to run on are the host's, and have other numbers in a guest.
 */
public final class GuestResources {
  private static final JsonNumber ZERO = JsonNumber.of(0);

  private GuestResources() {}

  /**
   * Translates resources.
   *
   * @param resources as the caller gave them
   * @param journal told what was left out
   */
  public static JsonObject translate(JsonObject resources, Journal journal) {
    JsonObject result = resources;
    for (String section : new String[] {"cpu", "memory", "pids"}) {
      Optional<JsonValue> limits = result.get(section);
      if (limits.isPresent() && limits.get() instanceof JsonObject object) {
        result = result.with(section, withoutZeros(object));
      }
    }
    Optional<JsonValue> cpu = result.get("cpu");
    if (cpu.isEmpty() || !(cpu.get() instanceof JsonObject limits)) {
      return result;
    }
    for (String set : new String[] {"cpus", "mems"}) {
      if (limits.get(set).isPresent()) {
        journal.debug(
            "linux.resources.cpu." + set + ": left out, it names parts of the host, not of the VM");
        limits = limits.without(set);
      }
    }
    return result.with("cpu", limits);
  }

  /** The section {@code linux} with its resources translated. */
  static JsonObject ofLinux(JsonObject linux, Journal journal) {
    Optional<JsonValue> resources = linux.get("resources");
    if (resources.isEmpty() || !(resources.get() instanceof JsonObject all)) {
      return linux;
    }
    return linux.with("resources", translate(all, journal));
  }

  /** Callers write 0 where they mean nothing, and runc takes it so; crun takes it as a limit. */
  private static JsonObject withoutZeros(JsonObject limits) {
    JsonObject result = limits;
    for (Map.Entry<String, JsonValue> limit : limits.members().entrySet()) {
      if (limit.getValue().equals(ZERO) && !limit.getKey().equals("swappiness")) {
        result = result.without(limit.getKey());
      }
    }
    return result;
  }
}
