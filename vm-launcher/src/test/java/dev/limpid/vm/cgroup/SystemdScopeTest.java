package dev.limpid.vm.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.config.Cpu;
import dev.limpid.vm.cgroup.CgroupPlacement.Scope;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What systemd is told, word by word. */
class SystemdScopeTest {
  private static Cpu cpu(long shares, long quota, long period, Optional<String> cpus) {
    return new Cpu(
        OptionalLong.of(shares),
        OptionalLong.of(quota),
        OptionalLong.empty(),
        OptionalLong.of(period),
        OptionalLong.empty(),
        OptionalLong.empty(),
        cpus,
        Optional.empty(),
        OptionalLong.empty());
  }

  private static HostMemory memory(long limit) {
    return new HostMemory(OptionalLong.of(limit), OptionalLong.of(5), OptionalInt.empty());
  }

  @Test
  void startsAUnit() {
    assertEquals(
        "busctl --quiet --timeout=30 -- call org.freedesktop.systemd1 /org/freedesktop/systemd1"
            + " org.freedesktop.systemd1.Manager StartTransientUnit ssa(sv)a(sa(sv))"
            + " docker-1.scope replace 10"
            + " Description s container docker-1.scope Slice s a-b.slice PIDs au 1 77"
            + " Delegate b true CPUAccounting b true IOAccounting b true MemoryAccounting b true"
            + " TasksAccounting b true DefaultDependencies b false MemoryMax t 9 0",
        String.join(
            " ",
            SystemdScope.startCommand(
                new Scope("a-b.slice", "docker-1.scope"),
                77,
                List.of(UnitProperty.number("MemoryMax", "9")))));
  }

  @Test
  void changesAUnit() {
    assertEquals(
        "busctl --quiet --timeout=30 -- call org.freedesktop.systemd1 /org/freedesktop/systemd1"
            + " org.freedesktop.systemd1.Manager SetUnitProperties sba(sv)"
            + " docker-1.scope true 1 CPUQuotaPerSecUSec t 630000",
        String.join(
            " ",
            SystemdScope.setCommand(
                "docker-1.scope",
                UnitProperty.ofBandwidth(cpu(0, 50_000, 100_000, Optional.empty())))));
  }

  @Test
  void limitsAreProperties() {
    assertEquals(
        List.of(
            new UnitProperty("MemoryMax", "t", List.of("9")),
            new UnitProperty("MemoryLow", "t", List.of("5")),
            new UnitProperty("CPUWeight", "t", List.of("39")),
            new UnitProperty("AllowedCPUs", "ay", List.of("2", "3", "1"))),
        UnitProperty.of(Version.V2, memory(9), cpu(1024, 0, 0, Optional.of("0-1,8"))));
    assertEquals(
        List.of(
            new UnitProperty("MemoryLimit", "t", List.of("18446744073709551615")),
            new UnitProperty("CPUShares", "t", List.of("1024"))),
        UnitProperty.of(Version.V1, memory(-1), cpu(1024, 0, 0, Optional.of("0-1,8"))));
    assertEquals(List.of(), UnitProperty.of(Version.V2, HostMemory.NONE, Cpu.NONE));
  }

  @ParameterizedTest
  @CsvSource({
    "100000, 100000, 1250000",
    "1000, 100000, 20000",
    "50000, 0, 630000",
    "-1, 0, 18446744073709551615",
    "9223372036854775807, 100000, 9223372036854770000"
  })
  void aQuotaIsOneOfASecond(long quota, long period, String perSecond) {
    assertEquals(
        List.of(new UnitProperty("CPUQuotaPerSecUSec", "t", List.of(perSecond))),
        UnitProperty.ofBandwidth(cpu(0, quota, period, Optional.empty())));
  }

  @Test
  void aProcessIsFoundInItsUnit() {
    assertTrue(SystemdScope.isIn("0::/a.slice/b.scope\n", "b.scope"));
    assertTrue(SystemdScope.isIn("4:memory:/\n1:name=systemd:/a.slice/b.scope\n", "b.scope"));
    assertFalse(SystemdScope.isIn("4:memory:/a.slice/b.scope\n0::/\n", "b.scope"));
    assertFalse(SystemdScope.isIn("0::/a.slice/ab.scope\n", "b.scope"));
  }
}
