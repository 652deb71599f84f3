package dev.limpid.oci.config;

import java.util.List;

/**
 * How a process is scheduled (config.md, "Linux Process", {@code scheduler}). Times are unsigned
 * 64-bit nanoseconds in the bits of a long; what is absent is 0, as in sched_setattr(2).
 *
 * @param policy for example {@code SCHED_BATCH}
 * @param nice -20 to 19
 * @param priority 0 to 99
 * @param flags for example {@code SCHED_FLAG_RESET_ON_FORK}
 * @param runtime of SCHED_DEADLINE, unsigned
 * @param deadline of SCHED_DEADLINE, unsigned
 * @param period of SCHED_DEADLINE, unsigned
 */
public record Scheduler(
    String policy,
    int nice,
    int priority,
    List<String> flags,
    long runtime,
    long deadline,
    long period) {
  /** Copies the collections. */
  public Scheduler {
    flags = List.copyOf(flags);
  }
}
