package dev.limpid.engine.lifecycle;

import dev.limpid.oci.config.Cpu;
import dev.limpid.oci.config.Memory;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Changes of limits, with what already holds beside them: there are limits that crun takes only
 * together. Callers write 0 where they mean nothing.
 */
final class CompletedChanges {
  private static final long NO_LIMIT = -1;

  private CompletedChanges() {}

  /** With both the quota and the period, if there is one of them. */
  static JsonObject withBandwidth(JsonObject changes, Cpu before) {
    Optional<JsonObject> found = section(changes, "cpu");
    if (found.isEmpty() || isSet(found.get(), "quota") == isSet(found.get(), "period")) {
      return changes;
    }
    JsonObject cpu = found.get();
    return changes.with(
        "cpu",
        isSet(cpu, "quota")
            ? cpu.with("period", set(before.period()).orElse(Cpu.DEFAULT_PERIOD_MICROS))
            : cpu.with("quota", set(before.quota()).orElse(NO_LIMIT)));
  }

  /**
   * With both limits of memory, if there are changes of one of them and limits for both. Where the
   * limit of memory goes, the one that includes it goes too.
   */
  static JsonObject withMemory(JsonObject changes, Memory before) {
    Optional<JsonObject> found = section(changes, "memory");
    if (found.isEmpty() || isSet(found.get(), "limit") == isSet(found.get(), "swap")) {
      return changes;
    }
    JsonObject memory = found.get();
    if (isSet(memory, "swap")) {
      OptionalLong limit = set(before.limit());
      return limit.isPresent()
          ? changes.with("memory", memory.with("limit", limit.getAsLong()))
          : changes;
    }
    OptionalLong swap = set(before.swap());
    if (swap.isEmpty()) {
      return changes;
    }
    boolean unlimited = memory.get("limit").equals(Optional.of(JsonNumber.of(NO_LIMIT)));
    return changes.with("memory", memory.with("swap", unlimited ? NO_LIMIT : swap.getAsLong()));
  }

  private static Optional<JsonObject> section(JsonObject object, String name) {
    return object.get(name).isPresent() && object.get(name).get() instanceof JsonObject section
        ? Optional.of(section)
        : Optional.empty();
  }

  private static boolean isSet(JsonObject section, String member) {
    return section.get(member).isPresent() && !section.get(member).get().equals(JsonNumber.of(0));
  }

  private static OptionalLong set(OptionalLong value) {
    return value.orElse(0) == 0 ? OptionalLong.empty() : value;
  }
}
