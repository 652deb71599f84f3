package dev.limpid.vm.cgroup;

import static dev.limpid.vm.cgroup.LimitSettings.device;
import static dev.limpid.vm.cgroup.LimitSettings.set;
import static dev.limpid.vm.cgroup.LimitSettings.withRoom;

import dev.limpid.oci.config.BlockIo;
import dev.limpid.oci.config.Cpu;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Files of version 2 (the kernel's admin-guide/cgroup-v2). */
final class SecondVersionFiles {
  private static final long NO_LIMIT = -1;
  private static final long SHARES_MIN = 2;
  private static final long SHARES_MAX = 262_144;
  private static final int BLOCK_WEIGHT_MIN = 10;
  private static final int BLOCK_WEIGHT_MAX = 1000;
  private static final int WEIGHT_MAX = 10_000;

  private SecondVersionFiles() {}

  static List<LimitSetting> memory(HostMemory memory) {
    List<LimitSetting> all = new ArrayList<>();
    if (set(memory.limit()).isPresent()) {
      all.add(
          LimitSetting.shared(
              "memory.limit", "memory", write("memory.max", memory.limit().getAsLong())));
    }
    if (set(memory.reservation()).isPresent()) {
      all.add(
          LimitSetting.shared(
              "memory.reservation",
              "memory",
              // Of a protection, -1 is that there is none.
              write("memory.low", Math.max(0, memory.reservation().getAsLong()))));
    }
    if (memory.swappiness().isPresent()) {
      // Version 2 has no such file, of which the message will tell.
      all.add(
          LimitSetting.needed(
              "memory.swappiness",
              "memory",
              write("memory.swappiness", memory.swappiness().getAsInt())));
    }
    return all;
  }

  static LimitSetting shares(long shares) {
    return LimitSetting.needed("cpu.shares", "cpu", write("cpu.weight", weight(shares)));
  }

  /** The two files' ranges, 2 to 262144 and 1 to 10000, laid over each other. */
  static long weight(long shares) {
    long within = Math.max(SHARES_MIN, Math.min(SHARES_MAX, shares));
    return 1 + (within - SHARES_MIN) * (WEIGHT_MAX - 1) / (SHARES_MAX - SHARES_MIN);
  }

  static List<LimitSetting> bandwidth(OptionalLong quota, OptionalLong period, OptionalLong burst) {
    List<LimitSetting> all = new ArrayList<>();
    if (quota.isPresent() || period.isPresent()) {
      long micros = quota.orElse(NO_LIMIT);
      String bound = micros < 0 ? "max" : Long.toString(withRoom(micros));
      all.add(
          LimitSetting.shared(
              quota.isPresent() ? "cpu.quota" : "cpu.period",
              "cpu",
              new LimitSetting.Write(
                  "cpu.max", bound + " " + period.orElse(Cpu.DEFAULT_PERIOD_MICROS))));
    }
    if (burst.isPresent()) {
      all.add(LimitSetting.shared("cpu.burst", "cpu", write("cpu.max.burst", burst.getAsLong())));
    }
    return all;
  }

  static List<LimitSetting> blockIo(BlockIo blockIo) {
    List<LimitSetting> all = new ArrayList<>();
    if (blockIo.weight().isPresent()) {
      all.add(weight("blockIO.weight", "", blockIo.weight().getAsInt()));
    }
    if (blockIo.leafWeight().isPresent()) {
      all.add(leafWeight("blockIO.leafWeight", blockIo.leafWeight().getAsInt()));
    }
    for (BlockIo.Weight each : blockIo.weightDevice()) {
      if (each.weight().isPresent()) {
        all.add(
            weight(
                "blockIO.weightDevice",
                device(each.major(), each.minor(), ""),
                each.weight().getAsInt()));
      }
      if (each.leafWeight().isPresent()) {
        all.add(leafWeight("blockIO.weightDevice", each.leafWeight().getAsInt()));
      }
    }
    throttles(all, "throttleReadBpsDevice", "rbps", blockIo.throttleReadBpsDevice());
    throttles(all, "throttleWriteBpsDevice", "wbps", blockIo.throttleWriteBpsDevice());
    throttles(all, "throttleReadIOPSDevice", "riops", blockIo.throttleReadIopsDevice());
    throttles(all, "throttleWriteIOPSDevice", "wiops", blockIo.throttleWriteIopsDevice());
    return all;
  }

  /** BFQ takes the weight as it is, the kernel's own policy one of 1 to 10000. */
  private static LimitSetting weight(String field, String device, int weight) {
    long scaled =
        1
            + (long) (Math.max(weight, BLOCK_WEIGHT_MIN) - BLOCK_WEIGHT_MIN)
                * (WEIGHT_MAX - 1)
                / (BLOCK_WEIGHT_MAX - BLOCK_WEIGHT_MIN);
    return LimitSetting.needed(
        field,
        "io",
        new LimitSetting.Write("io.bfq.weight", device + weight),
        new LimitSetting.Write("io.weight", device + scaled));
  }

  /** Version 2 has no such file, of which the message will tell. */
  private static LimitSetting leafWeight(String field, int weight) {
    return LimitSetting.needed(field, "io", write("io.leaf_weight", weight));
  }

  private static void throttles(
      List<LimitSetting> all, String field, String key, List<BlockIo.Throttle> throttles) {
    for (BlockIo.Throttle each : throttles) {
      all.add(
          LimitSetting.needed(
              "blockIO." + field,
              "io",
              new LimitSetting.Write(
                  "io.max", device(each.major(), each.minor(), key + "=" + rate(each.rate())))));
    }
  }

  /** Of a bound, 0 is that there is none. */
  private static String rate(long rate) {
    return rate == 0 ? "max" : Long.toUnsignedString(rate);
  }

  private static LimitSetting.Write write(String file, long value) {
    return new LimitSetting.Write(file, value == NO_LIMIT ? "max" : Long.toString(value));
  }
}
