package dev.limpid.engine.guest;

import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.proto.Scheduling;
import dev.limpid.proto.Scheduling.IoPriorityAttributes;
import dev.limpid.proto.Scheduling.SchedulerAttributes;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * {@code process.scheduler} and {@code process.ioPriority}, of which the guest's crun does not
 * know: the agent sets them, by the kernel's numbers.
 */
final class SchedulingTranslation {
  private static final int FIFO = 1;
  private static final int RR = 2;
  private static final int DEADLINE = 6;

  private static final int RESET_ON_FORK = 0x01;

  private SchedulingTranslation() {}

  /**
   * What a process asks for.
   *
   * @param process the process, validated
   * @throws InvalidSpecException for what can't be had, naming the field
   */
  static Scheduling of(JsonCursor process) {
    Optional<JsonCursor> scheduler = process.optional("scheduler");
    Optional<JsonCursor> ioPriority = process.optional("ioPriority");
    if (scheduler.isEmpty() && ioPriority.isEmpty()) {
      return Scheduling.USUAL;
    }
    return new Scheduling(
        scheduler.map(SchedulingTranslation::scheduler),
        ioPriority.map(SchedulingTranslation::ioPriority));
  }

  /** The process for crun. */
  static JsonObject withoutScheduling(JsonObject process) {
    return process.without("scheduler").without("ioPriority");
  }

  private static SchedulerAttributes scheduler(JsonCursor scheduler) {
    int policy = policy(scheduler.required("policy"));
    int priority = integer(scheduler, "priority");
    if ((policy == FIFO || policy == RR) != (priority > 0)) {
      throw wrong(scheduler, "priority", "must be above 0 with SCHED_FIFO and SCHED_RR alone");
    }
    for (String time : new String[] {"runtime", "deadline", "period"}) {
      if (policy != DEADLINE && nanoseconds(scheduler, time) != 0) {
        throw wrong(scheduler, time, "must be 0 but with SCHED_DEADLINE");
      }
    }
    return new SchedulerAttributes(
        policy,
        flags(scheduler, policy),
        integer(scheduler, "nice"),
        priority,
        nanoseconds(scheduler, "runtime"),
        nanoseconds(scheduler, "deadline"),
        nanoseconds(scheduler, "period"));
  }

  private static int policy(JsonCursor policy) {
    return switch (policy.asString()) {
      case "SCHED_OTHER" -> 0;
      case "SCHED_FIFO" -> FIFO;
      case "SCHED_RR" -> RR;
      case "SCHED_BATCH" -> 3;
      case "SCHED_IDLE" -> 5;
      case "SCHED_DEADLINE" -> DEADLINE;
      default -> throw policy.invalid("can't be had: Linux has no such policy");
    };
  }

  private static int flags(JsonCursor scheduler, int policy) {
    int flags = 0;
    for (JsonCursor flag : scheduler.optionalElements("flags")) {
      String name = flag.asString();
      flags |=
          switch (name) {
            case "SCHED_FLAG_RESET_ON_FORK" -> RESET_ON_FORK;
            case "SCHED_FLAG_RECLAIM" -> 0x02;
            case "SCHED_FLAG_DL_OVERRUN" -> 0x04;
            case "SCHED_FLAG_KEEP_POLICY" -> 0x08;
            case "SCHED_FLAG_KEEP_PARAMS" -> 0x10;
            default -> throw flag.invalid("can't be had: there is no field for its value");
          };
      if (policy != DEADLINE
          && (name.equals("SCHED_FLAG_RECLAIM") || name.equals("SCHED_FLAG_DL_OVERRUN"))) {
        throw flag.invalid("can't be had but with SCHED_DEADLINE");
      }
    }
    return flags;
  }

  private static IoPriorityAttributes ioPriority(JsonCursor ioPriority) {
    JsonCursor ioClass = ioPriority.required("class");
    int number =
        switch (ioClass.asString()) {
          case "IOPRIO_CLASS_RT" -> 1;
          case "IOPRIO_CLASS_BE" -> 2;
          case "IOPRIO_CLASS_IDLE" -> 3;
          default -> throw ioClass.invalid("can't be had: Linux has no such class");
        };
    return new IoPriorityAttributes(number, integer(ioPriority, "priority"));
  }

  private static int integer(JsonCursor section, String member) {
    return section.optional(member).map(JsonCursor::asInt32).orElse(0);
  }

  private static long nanoseconds(JsonCursor scheduler, String member) {
    OptionalLong value = scheduler.optionalUint64(member);
    if (value.isPresent() && value.getAsLong() < 0) {
      throw wrong(scheduler, member, "must be at most " + Long.MAX_VALUE);
    }
    return value.orElse(0);
  }

  /** Whether the member is there or not, the message names it. */
  private static InvalidSpecException wrong(JsonCursor section, String member, String expectation) {
    Optional<JsonCursor> found = section.optional(member);
    return found.isPresent()
        ? found.get().invalid(expectation)
        : section.refused(member + ": " + expectation);
  }
}
