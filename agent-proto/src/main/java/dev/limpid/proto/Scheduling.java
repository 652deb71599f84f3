package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;
import java.util.Optional;

/**
 * How the guest's kernel is to treat a process among the others.
 *
 * @param scheduler its scheduling policy; empty: the usual one
 * @param ioPriority its I/O priority; empty: the usual one
 */
public record Scheduling(
    Optional<SchedulerAttributes> scheduler, Optional<IoPriorityAttributes> ioPriority) {
  /** As any other process. */
  public static final Scheduling USUAL = new Scheduling(Optional.empty(), Optional.empty());

  /**
   * The attributes of sched_setattr(2), under its names. Times are nanoseconds, 0 to 2^63-1; what a
   * policy has no use for is 0.
   *
   * @param policy its number
   * @param flags their bits
   * @param nice -20 to 19
   * @param priority 0 to 99
   * @param runtime of SCHED_DEADLINE
   * @param deadline of SCHED_DEADLINE
   * @param period of SCHED_DEADLINE
   */
  public record SchedulerAttributes(
      int policy, int flags, int nice, int priority, long runtime, long deadline, long period) {
    private static final int POLICY_MAX = 6;
    private static final int FLAGS_MAX = 0x7f;

    /** Checks the ranges. */
    public SchedulerAttributes {
      check("policy", policy, 0, POLICY_MAX);
      check("flags", flags, 0, FLAGS_MAX);
      check("nice", nice, -20, 19);
      check("priority", priority, 0, 99);
      check("runtime", runtime, 0, Long.MAX_VALUE);
      check("deadline", deadline, 0, Long.MAX_VALUE);
      check("period", period, 0, Long.MAX_VALUE);
    }

    JsonObject toJson() {
      return JsonObject.builder()
          .put("policy", policy)
          .put("flags", flags)
          .put("nice", nice)
          .put("priority", priority)
          .put("runtime", runtime)
          .put("deadline", deadline)
          .put("period", period)
          .build();
    }
  }

  /**
   * The halves of the number of ioprio_set(2).
   *
   * @param ioClass the number of the class, 1 to 3
   * @param priority 0, the highest, to 7
   */
  public record IoPriorityAttributes(int ioClass, int priority) {
    /** Checks the ranges. */
    public IoPriorityAttributes {
      check("class", ioClass, 1, 3);
      check("priority", priority, 0, 7);
    }

    JsonObject toJson() {
      return JsonObject.builder().put("class", ioClass).put("priority", priority).build();
    }
  }

  /** Adds the members of a request. */
  void addTo(JsonObject.Builder json) {
    if (scheduler.isPresent()) {
      json.put("scheduler", scheduler.get().toJson());
    }
    if (ioPriority.isPresent()) {
      json.put("ioPriority", ioPriority.get().toJson());
    }
  }

  private static void check(String what, long value, long min, long max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          what + " " + value + ": must be from " + min + " to " + max);
    }
  }
}
