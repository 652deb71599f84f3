package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineException;
import dev.limpid.oci.config.Cpu;
import dev.limpid.oci.config.Memory;
import dev.limpid.oci.config.Resources;
import dev.limpid.vm.cgroup.CpuSet;
import java.util.BitSet;
import java.util.Optional;

/**
 * Limits that no kernel takes, neither the guest's nor the host's: they are refused before anything
 * is done for them. As everywhere, 0 is "not set".
 */
final class LimitBounds {
  private static final long SHORTEST_MICROS = 1_000;
  private static final long LONGEST_PERIOD_MICROS = 1_000_000;

  private LimitBounds() {}

  /**
   * Checks limits.
   *
   * @param place what comes before the name of a limit in messages
   * @param resources all that are to hold together
   * @throws EngineException naming the first that can't be
   */
  static void check(String place, Resources resources) {
    checkMemory(place, resources.memory());
    checkBandwidth(place, resources.cpu());
    checkSet(place + "cpu.cpus", resources.cpu().cpus(), CpuSet.possible(), "processor");
    checkSet(place + "cpu.mems", resources.cpu().mems(), CpuSet.possibleNodes(), "memory node");
  }

  private static void checkMemory(String place, Memory memory) {
    long swap = memory.swap().orElse(0);
    long limit = memory.limit().orElse(0);
    if (swap > 0 && limit == 0) {
      throw refused(place + "memory.swap", swap, "includes memory.limit, which is not set");
    }
    if (swap > 0 && swap < limit) {
      throw refused(place + "memory.swap", swap, "includes memory.limit, and that is " + limit);
    }
  }

  private static void checkBandwidth(String place, Cpu cpu) {
    long period = cpu.period().orElse(0);
    if (period != 0 && (period < SHORTEST_MICROS || period > LONGEST_PERIOD_MICROS)) {
      throw refused(
          place + "cpu.period",
          period,
          "must be from " + SHORTEST_MICROS + " to " + LONGEST_PERIOD_MICROS + " microseconds");
    }
    long quota = cpu.quota().orElse(0);
    if (quota > 0 && quota < SHORTEST_MICROS) {
      throw refused(
          place + "cpu.quota", quota, "must be at least " + SHORTEST_MICROS + " microseconds");
    }
    long burst = cpu.burst().orElse(0);
    if (quota > 0 && burst > quota) {
      throw refused(
          place + "cpu.burst", burst, "must not be more than cpu.quota, and that is " + quota);
    }
  }

  private static void checkSet(String field, Optional<String> list, BitSet there, String what) {
    if (list.isEmpty() || there.isEmpty()) {
      return;
    }
    BitSet missing = CpuSet.parse(list.get());
    missing.andNot(there);
    if (!missing.isEmpty()) {
      throw new EngineException(
          field + ": " + list.get() + ": the host has no " + what + " " + missing.nextSetBit(0));
    }
  }

  private static EngineException refused(String field, long value, String reason) {
    return new EngineException(field + ": " + value + ": " + reason);
  }
}
