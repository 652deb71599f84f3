package dev.limpid.engine.guest;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.util.Optional;

/**
 * The section {@code linux.resources}: limits hold in the guest as they are, but the processors and
 * memory nodes that a container is to run on are the host's, and have other numbers in a guest.
 */
final class ResourceTranslation {
  private ResourceTranslation() {}

  static JsonObject linux(JsonObject linux, Journal journal) {
    Optional<JsonValue> resources = linux.get("resources");
    if (resources.isEmpty() || !(resources.get() instanceof JsonObject all)) {
      return linux;
    }
    Optional<JsonValue> cpu = all.get("cpu");
    if (cpu.isEmpty() || !(cpu.get() instanceof JsonObject limits)) {
      return linux;
    }
    for (String set : new String[] {"cpus", "mems"}) {
      if (limits.get(set).isPresent()) {
        journal.debug(
            "linux.resources.cpu." + set + ": left out, it names parts of the host, not of the VM");
        limits = limits.without(set);
      }
    }
    return linux.with("resources", all.with("cpu", limits));
  }
}
