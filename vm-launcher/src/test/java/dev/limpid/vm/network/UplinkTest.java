package dev.limpid.vm.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limpid.vm.network.Uplink.End;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a guest gets of a namespace that others live in: of real ones, made in a real one. */
@Timeout(60)
class UplinkTest {
  private static final String MAC = "02:00:00:00:00:07";

  private RealNamespace host;
  private RealNamespace outside;

  @BeforeEach
  void open() throws IOException, InterruptedException {
    assumeTrue(RealNamespace.isPossible(), "network namespaces can't be made here");
    host = RealNamespace.open();
    outside = RealNamespace.open();
    host.ip("link set dev lo up\n");
  }

  @AfterEach
  void close() throws IOException {
    for (RealNamespace each : new RealNamespace[] {host, outside}) {
      if (each != null) {
        each.close();
      }
    }
  }

  @Test
  void nothingLeadsAnywhereFromALoopback() throws IOException {
    host.ip("address add 10.1.0.1/32 dev lo\n");
    host.addVeth("eth0", outside);

    assertEquals(Optional.empty(), uplink());
  }

  @Test
  void theInterfaceOfTheBestDefaultRouteIsTaken() throws IOException {
    addVeth("eth0", "10.0.0.2/24");
    addVeth("eth1", "10.1.0.2/16");
    host.ip("route add default via 10.0.0.1 dev eth0 metric 200\n");
    host.ip("route add default via 10.1.0.1 dev eth1 metric 100\n");
    host.ip("link set dev eth1 mtu 1400\n");

    Uplink uplink = uplink().orElseThrow();

    assertEquals("eth1", uplink.link());
    assertEquals(Optional.of(end("10.1.0.2/16", "10.1.0.1")), uplink.v4());
    assertEquals(Optional.empty(), uplink.v6());
    NetworkChange change = NetworkChange.between(NetworkState.EMPTY, uplink.guest());
    assertEquals(
        """
        link set dev eth1 address 02:00:00:00:00:07
        link set dev eth1 mtu 1400
        link set dev eth1 txqueuelen 1000
        link set dev eth1 addrgenmode none
        """,
        change.links());
    assertEquals(
        """
        link set dev eth1 up state up
        address replace 10.1.0.2/16 dev eth1 scope global valid_lft forever preferred_lft forever
        route replace unicast 0.0.0.0/0 via 10.1.0.1 dev eth1 onlink table 254 proto 4 scope global
        """,
        change.configuration());
    assertEquals("", change.undo());
  }

  @Test
  void allAddressesComeAlongWithoutWhatEndsThem() throws IOException {
    addVeth("eth0", "10.0.0.2/24");
    host.ip("address add 10.0.0.3/24 dev eth0 valid_lft 100 preferred_lft 50\n");
    host.ip("address add 10.0.0.4/24 dev eth0 valid_lft 100 preferred_lft 0\n");
    host.ip("address add 169.254.7.7/16 dev eth0 scope link\n");
    host.ip("route add default dev eth0\n");

    Uplink uplink = uplink().orElseThrow();

    String configuration =
        NetworkChange.between(NetworkState.EMPTY, uplink.guest()).configuration();
    assertTrue(configuration.contains("replace 10.0.0.2/24 dev eth0 scope"), configuration);
    assertTrue(
        configuration.contains(
            "replace 10.0.0.3/24 dev eth0 scope global valid_lft forever preferred_lft forever"),
        configuration);
    assertFalse(configuration.contains("10.0.0.4"), configuration);
    assertFalse(configuration.contains("169.254.7.7"), configuration);
    assertEquals("169.254.1.1", uplink.v4().orElseThrow().gateway().text());
  }

  /** What it sends for want of another address passt takes for the guest's. */
  @Test
  void theAddressOfTheLinkIsThereFirst() throws IOException {
    host.addVeth("eth0", outside);
    host.ip("link set dev eth0 up\naddress add fd00::2/64 dev eth0 nodad\n");
    host.ip("route add default via fd00::1 dev eth0\n");

    String configuration =
        NetworkChange.between(NetworkState.EMPTY, uplink().orElseThrow().guest()).configuration();

    int ofLink = configuration.indexOf("fe80::ff:fe00:7/64 dev eth0");
    assertTrue(ofLink >= 0, configuration);
    assertTrue(ofLink < configuration.indexOf("fd00::2/64 dev eth0"), configuration);
  }

  @Test
  void withoutADefaultRouteTheFirstWithAnAddressIsTaken() throws IOException {
    host.addVeth("eth0", outside);
    host.ip("link set dev eth0 up\n");
    addVeth("eth1", "10.0.0.2/24");
    host.ip("address add fd00::2/64 dev eth1 nodad\n");

    Uplink uplink = uplink().orElseThrow();

    assertEquals("eth1", uplink.link());
    assertEquals(Optional.of(end("10.0.0.2/24", "169.254.1.1")), uplink.v4());
    assertEquals(Optional.of(end("fd00::2/64", "fe80::1")), uplink.v6());
  }

  @Test
  void theSecondFamilyIsThereIfItsDefaultRouteIsOverTheSameInterface() throws IOException {
    addVeth("eth0", "10.0.0.2/24");
    host.ip("address add fd00::2/64 dev eth0 nodad\n");
    host.ip("route add default via 10.0.0.1\n");
    assertEquals(Optional.empty(), uplink().orElseThrow().v6());

    host.ip("route add default via fe80::9 dev eth0\n");
    Uplink uplink = uplink().orElseThrow();

    assertEquals(Optional.of(end("10.0.0.2/24", "10.0.0.1")), uplink.v4());
    assertEquals(Optional.of(end("fd00::2/64", "fe80::9")), uplink.v6());
  }

  @Test
  void ipv6AloneWillDo() throws IOException {
    host.addVeth("eth0", outside);
    host.ip("link set dev eth0 up\naddress add fd00::2/64 dev eth0 nodad\n");
    host.ip("route add default via fd00::1 dev eth0\n");

    Uplink uplink = uplink().orElseThrow();

    assertEquals(Optional.empty(), uplink.v4());
    assertEquals(Optional.of(end("fd00::2/64", "fd00::1")), uplink.v6());
  }

  /** The kernel takes each line, and the state is then what was said. */
  @Test
  void aGuestCanHaveIt() throws IOException {
    addVeth("eth0", "10.0.0.2/24");
    host.ip("address add fd00::2/64 dev eth0 nodad\n");
    host.ip("route add default via 192.0.2.1 dev eth0 onlink\n");
    host.ip("route add default via fe80::9 dev eth0\n");
    NetworkState wanted = uplink().orElseThrow().guest();
    try (RealNamespace guest = RealNamespace.open()) {
      guest.ip("link set dev lo up\naddress replace ::1/128 dev lo noprefixroute\n");
      guest.apply(NetworkChange.between(NetworkState.EMPTY, wanted), outside);
      String routes =
          guest
              .namespace()
              .run(List.of("sh", "-c", "ip route; ip -6 route show default"), Optional.empty());

      assertTrue(routes.contains("default via 192.0.2.1 dev eth0 proto static onlink"), routes);
      assertTrue(
          routes.contains("10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2"), routes);
      assertTrue(routes.contains("default via fe80::9 dev eth0 proto static"), routes);
    }
  }

  private void addVeth(String name, String address) throws IOException {
    host.addVeth(name, outside);
    host.ip("link set dev " + name + " up\naddress add " + address + " dev " + name + "\n");
  }

  private Optional<Uplink> uplink() throws IOException {
    return Uplink.of(host.namespace().read(), MAC);
  }

  private static End end(String address, String gateway) {
    return new End(Prefix.parse(address).orElseThrow(), IpAddress.parse(gateway).orElseThrow());
  }
}
