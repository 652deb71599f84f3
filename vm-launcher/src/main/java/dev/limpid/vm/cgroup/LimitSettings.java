package dev.limpid.vm.cgroup;

import dev.limpid.oci.config.BlockIo;
import dev.limpid.oci.config.Cpu;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What limits come to on a host. A value of 0 where 0 is no limit that could be meant stands for
 * "not set", as callers write it.
 */
public final class LimitSettings {
  private LimitSettings() {}

  /** Memory. */
  public static List<LimitSetting> memory(Version version, HostMemory memory) {
    return version == Version.V2
        ? SecondVersionFiles.memory(memory)
        : FirstVersionFiles.memory(memory);
  }

  /** Shares of the processors and which of them to use: what holds from the beginning. */
  public static List<LimitSetting> processors(Version version, Cpu cpu) {
    List<LimitSetting> all = new ArrayList<>();
    if (cpu.cpus().isPresent()) {
      all.add(needed("cpu.cpus", "cpuset", "cpuset.cpus", cpu.cpus().get()));
    }
    if (cpu.mems().isPresent()) {
      all.add(needed("cpu.mems", "cpuset", "cpuset.mems", cpu.mems().get()));
    }
    // The idle policy has no shares: it is left first.
    if (cpu.idle().isPresent()) {
      all.add(needed("cpu.idle", "cpu", "cpu.idle", Long.toString(cpu.idle().getAsLong())));
    }
    if (set(cpu.shares()).isPresent() && cpu.idle().orElse(0) == 0) {
      long shares = cpu.shares().getAsLong();
      all.add(
          version == Version.V2
              ? SecondVersionFiles.shares(shares)
              : FirstVersionFiles.shares(shares));
    }
    return all;
  }

  /**
   * The bandwidth of processors. A quarter is given on top of the quota for what emulates the
   * devices: the guest holds the workload to the quota itself, and if both did at different times
   * of a period, it would get half.
   *
   * @param cpu with the quota and the period that are to hold, if one of them is set
   */
  public static List<LimitSetting> bandwidth(Version version, Cpu cpu) {
    OptionalLong period = set(cpu.period());
    OptionalLong quota = set(cpu.quota());
    if (period.isEmpty() && quota.isEmpty() && cpu.burst().isEmpty()) {
      return List.of();
    }
    return version == Version.V2
        ? SecondVersionFiles.bandwidth(quota, period, cpu.burst())
        : FirstVersionFiles.bandwidth(quota, period, cpu.burst());
  }

  /** Block devices. */
  public static List<LimitSetting> blockIo(Version version, BlockIo blockIo) {
    return version == Version.V2
        ? SecondVersionFiles.blockIo(blockIo)
        : FirstVersionFiles.blockIo(blockIo);
  }

  /**
   * Files of version 2 that are written as config.json has them: those that name devices,
   * processors and memory nodes, which are the host's. The guest has the others.
   */
  public static List<LimitSetting> unified(Version version, Map<String, String> unified) {
    List<LimitSetting> all = new ArrayList<>();
    for (Map.Entry<String, String> each : unified.entrySet()) {
      String file = each.getKey();
      if (isOfHost(file)) {
        all.add(
            LimitSetting.needed(
                "unified." + file,
                version == Version.V2 ? file : "of version 2",
                new LimitSetting.Write(file, each.getValue())));
      }
    }
    return all;
  }

  /** Whether a file of version 2 names things of the host. */
  public static boolean isOfHost(String file) {
    return file.startsWith("io.") || file.startsWith("cpuset.");
  }

  /** A limit whose file has the same name in both versions. */
  private static LimitSetting needed(String field, String controller, String file, String value) {
    return LimitSetting.needed(field, controller, new LimitSetting.Write(file, value));
  }

  /** What an absent value, or 0, is: nothing. */
  static OptionalLong set(OptionalLong value) {
    return value.isPresent() && value.getAsLong() != 0 ? value : OptionalLong.empty();
  }

  static long withRoom(long quota) {
    return quota + quota / 4;
  }

  static String device(long major, long minor, String value) {
    return major + ":" + minor + " " + value;
  }
}
