package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;

/**
 * How far a container's clocks, in a time namespace of its own, are from the guest's.
 *
 * @param monotonic of CLOCK_MONOTONIC
 * @param boottime of CLOCK_BOOTTIME
 */
public record TimeOffsets(Offset monotonic, Offset boottime) {
  /**
   * The offset of a clock.
   *
   * @param seconds before or after
   * @param nanoseconds 0 to 999999999, to be added to that
   */
  public record Offset(long seconds, int nanoseconds) {
    /** None. */
    public static final Offset NONE = new Offset(0, 0);

    /** Checks the range. */
    public Offset {
      if (nanoseconds < 0 || nanoseconds > 999_999_999) {
        throw new IllegalArgumentException(nanoseconds + " nanoseconds");
      }
    }

    JsonObject toJson() {
      return JsonObject.builder().put("seconds", seconds).put("nanoseconds", nanoseconds).build();
    }
  }

  JsonObject toJson() {
    return JsonObject.builder()
        .put("monotonic", monotonic.toJson())
        .put("boottime", boottime.toJson())
        .build();
  }
}
