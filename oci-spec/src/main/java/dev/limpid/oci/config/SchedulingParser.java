package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Checks how a process is scheduled (config.md, "Linux Process"). */
final class SchedulingParser {
  private static final List<String> IO_CLASSES =
      List.of("IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE");

  private static final int LOWEST_IO_PRIORITY = 7;

  private static final List<String> POLICIES =
      List.of(
          "SCHED_OTHER",
          "SCHED_FIFO",
          "SCHED_RR",
          "SCHED_BATCH",
          "SCHED_ISO",
          "SCHED_IDLE",
          "SCHED_DEADLINE");

  private static final List<String> FLAGS =
      List.of(
          "SCHED_FLAG_RESET_ON_FORK",
          "SCHED_FLAG_RECLAIM",
          "SCHED_FLAG_DL_OVERRUN",
          "SCHED_FLAG_KEEP_POLICY",
          "SCHED_FLAG_KEEP_PARAMS",
          "SCHED_FLAG_UTIL_CLAMP_MIN",
          "SCHED_FLAG_UTIL_CLAMP_MAX");

  private static final int MIN_NICE = -20;
  private static final int MAX_NICE = 19;
  private static final int MAX_PRIORITY = 99;

  private SchedulingParser() {}

  static IoPriority ioPriority(JsonCursor ioPriority) {
    return new IoPriority(
        TextRule.oneOf(ioPriority.required("class"), IO_CLASSES),
        (int) ioPriority.required("priority").asInteger(0, LOWEST_IO_PRIORITY));
  }

  static Scheduler scheduler(JsonCursor scheduler) {
    List<String> flags = new ArrayList<>();
    for (JsonCursor flag : scheduler.optionalElements("flags")) {
      flags.add(TextRule.oneOf(flag, FLAGS));
    }
    return new Scheduler(
        TextRule.oneOf(scheduler.required("policy"), POLICIES),
        integer(scheduler, "nice", MIN_NICE, MAX_NICE),
        integer(scheduler, "priority", 0, MAX_PRIORITY),
        flags,
        scheduler.optionalUint64("runtime").orElse(0),
        scheduler.optionalUint64("deadline").orElse(0),
        scheduler.optionalUint64("period").orElse(0));
  }

  static ExecCpuAffinity execCpuAffinity(JsonCursor affinity) {
    return new ExecCpuAffinity(
        CpuListRule.optional(affinity, "initial"), CpuListRule.optional(affinity, "final"));
  }

  private static int integer(JsonCursor scheduler, String member, int min, int max) {
    Optional<JsonCursor> found = scheduler.optional(member);
    return found.isEmpty() ? 0 : (int) found.get().asInteger(min, max);
  }
}
