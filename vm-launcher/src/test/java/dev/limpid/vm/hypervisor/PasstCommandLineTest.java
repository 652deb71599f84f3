package dev.limpid.vm.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.vm.network.IpAddress;
import dev.limpid.vm.network.NetworkState;
import dev.limpid.vm.network.Prefix;
import dev.limpid.vm.network.Uplink;
import dev.limpid.vm.network.Uplink.End;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Whole command lines. */
class PasstCommandLineTest {
  private static final String USUAL =
      "/usr/bin/passt --fd 3 --foreground --quiet --pid /proc/self/fd/1 --no-dhcp --no-dhcpv6"
          + " --no-ra --dns none --no-map-gw --interface eth0";
  private static final Optional<End> V4 = end("10.0.0.2/24", "10.0.0.1");
  private static final Optional<End> V6 = end("fd00::2/64", "fe80::1");

  @Test
  void bothFamiliesAreSaid() {
    assertEquals(
        USUAL
            + " --address 10.0.0.2 --netmask 24 --gateway 10.0.0.1 --address fd00::2 --gateway"
            + " fe80::1 --tcp-ports none --udp-ports none",
        line(V4, V6, Set.of(), Set.of()));
  }

  @Test
  void aFamilyThatIsNotThereIsLeftOff() {
    assertEquals(
        USUAL
            + " --address 10.0.0.2 --netmask 24 --gateway 10.0.0.1 --ipv4-only --tcp-ports none"
            + " --udp-ports none",
        line(V4, Optional.empty(), Set.of(), Set.of()));
    assertEquals(
        USUAL
            + " --address fd00::2 --gateway fe80::1 --ipv6-only --tcp-ports none --udp-ports none",
        line(Optional.empty(), V6, Set.of(), Set.of()));
  }

  @Test
  void portsAreListedInOrder() {
    String line = line(V4, V6, Set.of(8080, 80), Set.of(53));

    assertEquals(
        " --tcp-ports 80,8080 --udp-ports 53", line.substring(line.indexOf(" --tcp-ports")));
  }

  private static Optional<End> end(String address, String gateway) {
    return Optional.of(
        new End(Prefix.parse(address).orElseThrow(), IpAddress.parse(gateway).orElseThrow()));
  }

  private static String line(
      Optional<End> v4, Optional<End> v6, Set<Integer> tcp, Set<Integer> udp) {
    List<String> words =
        PasstCommandLine.of(
            Path.of("/usr/bin/passt"),
            new Uplink("eth0", v4, v6, NetworkState.EMPTY),
            new TreeSet<>(tcp),
            new TreeSet<>(udp));
    return String.join(" ", words);
  }
}
