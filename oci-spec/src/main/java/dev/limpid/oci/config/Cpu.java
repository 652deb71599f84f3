package dev.limpid.oci.config;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * CPU limits of a cgroup (config-linux.md, "CPU").
 *
 * @param shares the relative weight, in the unit of cgroup v1
 * @param quota microseconds of CPU time in a period; -1: no limit
 * @param burst microseconds beyond the quota that may be saved up
 * @param period microseconds
 * @param realtimeRuntime microseconds of realtime scheduling in a period
 * @param realtimePeriod microseconds
 * @param cpus the CPUs to run on, for example {@code 0-3,6}
 * @param mems the memory nodes to use, for example {@code 0-1}
 * @param idle 1 for the idle policy, 0 for the usual one
 */
public record Cpu(
    OptionalLong shares,
    OptionalLong quota,
    OptionalLong burst,
    OptionalLong period,
    OptionalLong realtimeRuntime,
    OptionalLong realtimePeriod,
    Optional<String> cpus,
    Optional<String> mems,
    OptionalLong idle) {

  /** The period where none is given: what the kernel begins with. */
  public static final long DEFAULT_PERIOD_MICROS = 100_000;

  /** No limit. */
  public static final Cpu NONE =
      new Cpu(
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          Optional.empty(),
          Optional.empty(),
          OptionalLong.empty());
}
