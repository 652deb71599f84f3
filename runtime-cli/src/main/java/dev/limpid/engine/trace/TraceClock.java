package dev.limpid.engine.trace;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.LongSupplier;

/**
 * The time of a trace: that of the wall at its beginning, from where on it goes as steadily as
 * {@link System#nanoTime}, whatever somebody does to the host's clock meanwhile.
 */
public final class TraceClock {
  private static final long NANOS_OF_MICRO = 1000;

  private final long originMicros;
  private final long originNanos;
  private final LongSupplier nanos;

  /**
   * Begins now.
   *
   * @param wall tells what time it is
   * @param nanos {@link System#nanoTime}
   */
  public TraceClock(Clock wall, LongSupplier nanos) {
    this.originMicros = ChronoUnit.MICROS.between(Instant.EPOCH, wall.instant());
    this.originNanos = nanos.getAsLong();
    this.nanos = nanos;
  }

  /** Microseconds since 1970. */
  public long now() {
    return at(nanos.getAsLong());
  }

  /**
   * Microseconds since 1970.
   *
   * @param nanoTime what {@link System#nanoTime} said at that moment
   */
  public long at(long nanoTime) {
    return originMicros + Math.floorDiv(nanoTime - originNanos, NANOS_OF_MICRO);
  }
}
