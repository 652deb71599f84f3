package dev.limpid.proto.socket;

import java.time.Duration;

/** A moment after which waiting is over, on the clock that nobody sets. */
public final class Deadline {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final long start;
  private final long nanos;

  private Deadline(long start, long nanos) {
    this.start = start;
    this.nanos = nanos;
  }

  /** The moment that is the given time from now; zero and negative times are over already. */
  public static Deadline in(Duration timeout) {
    long most = Long.MAX_VALUE / 4;
    long nanos = 0;
    if (!timeout.isNegative()) {
      nanos = timeout.toSeconds() >= most / 1_000_000_000 ? most : timeout.toNanos();
    }
    return new Deadline(System.nanoTime(), nanos);
  }

  /** Whether the moment has passed. */
  public boolean isOver() {
    return System.nanoTime() - start >= nanos;
  }

  /** Milliseconds until then, at least 1: what a call that waits takes. */
  long remainingMillis() {
    long left = nanos - (System.nanoTime() - start);
    return Math.max(1, (left + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
  }

  /** The time there was from the beginning, as it reads in a message: {@code 60 s}. */
  @Override
  public String toString() {
    long millis = nanos / NANOS_PER_MILLI;
    return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }
}
