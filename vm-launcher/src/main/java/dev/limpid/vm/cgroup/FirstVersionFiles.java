package dev.limpid.vm.cgroup;

import static dev.limpid.vm.cgroup.LimitSettings.device;
import static dev.limpid.vm.cgroup.LimitSettings.set;
import static dev.limpid.vm.cgroup.LimitSettings.withRoom;

import dev.limpid.oci.config.BlockIo;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Files of version 1 (the kernel's admin-guide/cgroup-v1). */
final class FirstVersionFiles {
  private FirstVersionFiles() {}

  static List<LimitSetting> memory(HostMemory memory) {
    List<LimitSetting> all = new ArrayList<>();
    if (set(memory.limit()).isPresent()) {
      all.add(
          LimitSetting.shared(
              "memory.limit",
              "memory",
              write("memory.limit_in_bytes", memory.limit().getAsLong())));
    }
    if (set(memory.reservation()).isPresent()) {
      all.add(
          LimitSetting.shared(
              "memory.reservation",
              "memory",
              write("memory.soft_limit_in_bytes", memory.reservation().getAsLong())));
    }
    if (memory.swappiness().isPresent()) {
      all.add(
          LimitSetting.needed(
              "memory.swappiness",
              "memory",
              write("memory.swappiness", memory.swappiness().getAsInt())));
    }
    return all;
  }

  static LimitSetting shares(long shares) {
    return LimitSetting.needed("cpu.shares", "cpu", write("cpu.shares", shares));
  }

  static List<LimitSetting> bandwidth(OptionalLong quota, OptionalLong period, OptionalLong burst) {
    List<LimitSetting> all = new ArrayList<>();
    if (period.isPresent()) {
      all.add(
          LimitSetting.shared("cpu.period", "cpu", write("cpu.cfs_period_us", period.getAsLong())));
    }
    if (quota.isPresent()) {
      long micros = quota.getAsLong();
      LimitSetting.Write exact = write("cpu.cfs_quota_us", micros);
      all.add(
          micros < 0
              ? LimitSetting.shared("cpu.quota", "cpu", exact)
              // A parent's quota may be the exact one.
              : LimitSetting.shared(
                  "cpu.quota", "cpu", write("cpu.cfs_quota_us", withRoom(micros)), exact));
    }
    if (burst.isPresent()) {
      all.add(
          LimitSetting.shared("cpu.burst", "cpu", write("cpu.cfs_burst_us", burst.getAsLong())));
    }
    return all;
  }

  static List<LimitSetting> blockIo(BlockIo blockIo) {
    List<LimitSetting> all = new ArrayList<>();
    if (blockIo.weight().isPresent()) {
      int weight = blockIo.weight().getAsInt();
      all.add(
          LimitSetting.needed(
              "blockIO.weight",
              "blkio",
              write("blkio.weight", weight),
              write("blkio.bfq.weight", weight)));
    }
    if (blockIo.leafWeight().isPresent()) {
      int weight = blockIo.leafWeight().getAsInt();
      all.add(
          LimitSetting.needed("blockIO.leafWeight", "blkio", write("blkio.leaf_weight", weight)));
    }
    for (BlockIo.Weight each : blockIo.weightDevice()) {
      if (each.weight().isPresent()) {
        String text =
            device(each.major(), each.minor(), Integer.toString(each.weight().getAsInt()));
        all.add(
            LimitSetting.needed(
                "blockIO.weightDevice",
                "blkio",
                new LimitSetting.Write("blkio.weight_device", text),
                new LimitSetting.Write("blkio.bfq.weight_device", text)));
      }
      if (each.leafWeight().isPresent()) {
        all.add(
            LimitSetting.needed(
                "blockIO.weightDevice",
                "blkio",
                new LimitSetting.Write(
                    "blkio.leaf_weight_device",
                    device(
                        each.major(),
                        each.minor(),
                        Integer.toString(each.leafWeight().getAsInt())))));
      }
    }
    throttles(all, "throttleReadBpsDevice", "read_bps", blockIo.throttleReadBpsDevice());
    throttles(all, "throttleWriteBpsDevice", "write_bps", blockIo.throttleWriteBpsDevice());
    throttles(all, "throttleReadIOPSDevice", "read_iops", blockIo.throttleReadIopsDevice());
    throttles(all, "throttleWriteIOPSDevice", "write_iops", blockIo.throttleWriteIopsDevice());
    return all;
  }

  private static void throttles(
      List<LimitSetting> all, String field, String file, List<BlockIo.Throttle> throttles) {
    for (BlockIo.Throttle each : throttles) {
      all.add(
          LimitSetting.needed(
              "blockIO." + field,
              "blkio",
              new LimitSetting.Write(
                  "blkio.throttle." + file + "_device",
                  device(each.major(), each.minor(), Long.toUnsignedString(each.rate())))));
    }
  }

  private static LimitSetting.Write write(String file, long value) {
    return new LimitSetting.Write(file, Long.toString(value));
  }
}
