package dev.limpid.vm.cgroup;

import dev.limpid.oci.config.Cpu;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.util.ArrayList;
import java.util.List;

/**
 * A property of a unit of systemd (org.freedesktop.systemd1(5)), as busctl(1) takes it. systemd
 * writes the files of a unit's group anew when it reloads its configuration: what it has not been
 * told of would be gone.
 *
 * @param name the property
 * @param signature its type, as D-Bus writes it
 * @param values its value, an array's length first
 */
public record UnitProperty(String name, String signature, List<String> values) {
  private static final long MICROS_PER_SECOND = 1_000_000;

  /** What systemd rounds a quota to, in microseconds of a second. */
  private static final long QUOTA_STEP = 10_000;

  private static final long NO_LIMIT = -1;
  private static final int BYTE_BITS = 8;

  /** Copies the list. */
  public UnitProperty {
    values = List.copyOf(values);
  }

  /** Those that stand for limits on memory, and for shares and sets of processors. */
  public static List<UnitProperty> of(Version version, HostMemory memory, Cpu cpu) {
    boolean second = version == Version.V2;
    List<UnitProperty> all = new ArrayList<>();
    if (LimitSettings.set(memory.limit()).isPresent()) {
      all.add(
          number(
              second ? "MemoryMax" : "MemoryLimit",
              // systemd's "infinity" has all bits set too.
              Long.toUnsignedString(memory.limit().getAsLong())));
    }
    if (second && LimitSettings.set(memory.reservation()).isPresent()) {
      all.add(number("MemoryLow", Long.toString(Math.max(0, memory.reservation().getAsLong()))));
    }
    if (LimitSettings.set(cpu.shares()).isPresent()) {
      long shares = cpu.shares().getAsLong();
      all.add(
          second
              ? number("CPUWeight", Long.toString(SecondVersionFiles.weight(shares)))
              : number("CPUShares", Long.toString(Math.max(2, Math.min(shares, 262_144)))));
    }
    if (second) {
      cpu.cpus().ifPresent(list -> all.add(set("AllowedCPUs", list)));
      cpu.mems().ifPresent(list -> all.add(set("AllowedMemoryNodes", list)));
    }
    return all;
  }

  /** The one that stands for a bandwidth of processors, if there is a quota. */
  public static List<UnitProperty> ofBandwidth(Cpu cpu) {
    if (LimitSettings.set(cpu.quota()).isEmpty()) {
      return List.of();
    }
    long quota = cpu.quota().getAsLong();
    if (quota < 0) {
      return List.of(number("CPUQuotaPerSecUSec", Long.toUnsignedString(NO_LIMIT)));
    }
    long period = LimitSettings.set(cpu.period()).orElse(Cpu.DEFAULT_PERIOD_MICROS);
    long perSecond =
        Math.multiplyHigh(quota, MICROS_PER_SECOND) == 0
            ? LimitSettings.withRoom(quota) * MICROS_PER_SECOND / period
            : Long.MAX_VALUE - QUOTA_STEP;
    long rounded = (perSecond + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
    return List.of(number("CPUQuotaPerSecUSec", Long.toString(rounded)));
  }

  static UnitProperty number(String name, String value) {
    return new UnitProperty(name, "t", List.of(value));
  }

  static UnitProperty flag(String name) {
    return new UnitProperty(name, "b", List.of("true"));
  }

  static UnitProperty text(String name, String value) {
    return new UnitProperty(name, "s", List.of(value));
  }

  /** A set of numbers is an array of bytes, a bit for each number. */
  private static UnitProperty set(String name, String list) {
    byte[] bits = CpuSet.parse(list).toByteArray();
    List<String> values = new ArrayList<>();
    values.add(Integer.toString(bits.length));
    for (byte each : bits) {
      values.add(Integer.toString(each & (1 << BYTE_BITS) - 1));
    }
    return new UnitProperty(name, "ay", values);
  }
}
