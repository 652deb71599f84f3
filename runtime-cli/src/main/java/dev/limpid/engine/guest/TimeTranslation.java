package dev.limpid.engine.guest;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.proto.TimeOffsets;
import dev.limpid.proto.TimeOffsets.Offset;
import java.util.Optional;

/**
 * The time namespace and {@code linux.timeOffsets}: the agent makes the namespace, because the
 * guest's crun knows of no offsets, and can't make one together with a pid namespace.
 */
final class TimeTranslation {
  private TimeTranslation() {}

  /**
   * The clocks of a container with a time namespace of its own.
   *
   * @param linux the section {@code linux}
   * @throws dev.limpid.oci.json.InvalidSpecException for offsets without a namespace
   */
  static Optional<TimeOffsets> translate(JsonCursor linux) {
    boolean own = NamespaceTranslation.types(linux).contains("time");
    Optional<JsonCursor> offsets = linux.optional("timeOffsets");
    if (!own) {
      if (offsets.isPresent() && !offsets.get().asObject().isEmpty()) {
        throw offsets.get().refused("must not be there without a time namespace");
      }
      return Optional.empty();
    }
    return Optional.of(new TimeOffsets(offset(offsets, "monotonic"), offset(offsets, "boottime")));
  }

  private static Offset offset(Optional<JsonCursor> offsets, String clock) {
    if (offsets.isEmpty() || offsets.get().optional(clock).isEmpty()) {
      return Offset.NONE;
    }
    JsonCursor offset = offsets.get().required(clock);
    Optional<JsonCursor> nanoseconds = offset.optional("nanosecs");
    return new Offset(
        offset.optionalInt64("secs").orElse(0),
        nanoseconds.isEmpty() ? 0 : (int) nanoseconds.get().asInteger(0, 999_999_999));
  }
}
