package dev.limpid.vm.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read of one real namespace makes another one the same. */
@Timeout(60)
class NetworkRoundTripTest {
  /** As a guest's init leaves it. */
  private static final String FRESH =
      "link set dev lo up\naddress replace ::1/128 dev lo noprefixroute\n";

  private RealNamespace host;
  private RealNamespace guest;

  /** Where the other ends are. */
  private RealNamespace outside;

  private NetworkState told;

  @BeforeEach
  void open() throws IOException, InterruptedException {
    assumeTrue(RealNamespace.isPossible(), "network namespaces can't be made here");
    host = RealNamespace.open();
    guest = RealNamespace.open();
    outside = RealNamespace.open();
    host.ip("link set dev lo up\n");
    guest.ip(FRESH);
    told = NetworkState.EMPTY;
  }

  @AfterEach
  void close() throws IOException {
    for (RealNamespace each : new RealNamespace[] {host, guest, outside}) {
      if (each != null) {
        each.close();
      }
    }
  }

  @Test
  void theGuestBecomesLikeTheHost() throws IOException {
    host.addVeth("eth0", outside);
    host.addVeth("eth1", outside);
    host.ip(
        """
        link set dev eth0 address 02:42:0a:00:00:02 mtu 1400 txqueuelen 17
        link set dev eth0 up
        link set dev eth1 up
        address add 10.0.0.2/24 broadcast + dev eth0
        address add 10.0.0.3/24 dev eth0
        address add 10.1.0.2 peer 10.1.0.1/32 dev eth1 label eth1:x
        address add fd00::2/64 dev eth0
        address add fd00::3/64 dev eth0 noprefixroute
        route add default via 10.0.0.1
        route add default via 10.1.0.1 dev eth1 metric 100
        route add 10.9.0.0/16 via 10.0.0.9 mtu lock 1300 initcwnd 10
        route add 10.8.0.0/16 nexthop via 10.0.0.7 weight 2 nexthop via 10.0.0.8
        route add blackhole 10.7.0.0/16 metric 4
        route add default via 10.0.0.254 table 100
        route add fd01::/64 via fd00::1
        rule add from 10.1.0.0/16 table 100 priority 50
        neighbour add 10.0.0.77 lladdr 02:00:00:00:00:77 dev eth0 nud permanent
        neighbour add proxy 10.0.0.78 dev eth0
        """);
    host.ip6("rule add from fd00::/64 table 100 priority 51\n");

    follow();

    assertSame();
    assertTrue(NetworkChange.between(told, host.namespace().read()).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Addresses.
        "address add 10.2.0.2/24 dev eth0 metric 7",
        "address add 10.2.0.2/24 dev eth0 noprefixroute scope link",
        "address add 10.2.0.2/32 dev eth0; address add 10.3.0.1/31 dev eth0",
        "address add 10.2.0.2/24 dev lo; address add fd02::1/64 dev lo",
        "address add 0.0.0.5/24 dev eth0",
        "address add fd02::2/64 dev eth0 metric 7; address add fd02::3/128 dev eth0",
        "address add fd02::2 peer fd03::2/64 dev eth0; address add fd04::2 peer fd04::1/128 dev eth0",
        "address add fd02::2/64 dev eth0 home mngtmpaddr",
        "address add fd02::2/64 dev eth0 nodad",
        "address del 127.0.0.1/8 dev lo",
        "address del ::1/128 dev lo; address add ::1/128 dev lo",
        "route add ::1 dev lo proto kernel metric 256",
        // Links.
        "link set dev eth1 down",
        "link set dev lo down",
        "link set dev eth0 arp off; link set dev eth1 multicast off allmulticast on",
        "link set dev eth0 promisc on; link set dev eth1 group 7; link set dev eth1 alias inner/net",
        "link set dev eth1 mtu 1000",
        "link set dev eth0 txqueuelen 0",
        "link set dev eth1 down; link set dev eth1 addrgenmode none; link set dev eth1 up state up",
        "link set dev eth1 down; link set dev eth1 addrgenmode random; link set dev eth1 up state up",
        // Routes.
        "route del 10.0.0.0/24; route add 10.0.0.1 dev eth0 src 10.0.0.2 scope link;"
            + " route add 10.0.0.0/24 via 10.0.0.1 src 10.0.0.2",
        "route del fd00::/64 dev eth0; route add fd00::1 dev eth0; route add fd00::/64 via fd00::1",
        "route add 10.2.0.0/16 via 10.0.0.9; route del 10.0.0.0/24; route add fd02::/64 via"
            + " fd00::9; route del fd00::/64 dev eth0",
        "route add 10.2.0.0/16 via 10.0.0.3 tos 0x10; route add 10.2.0.0/16 via 10.0.0.4",
        "route add 10.2.0.0/16 via 10.0.0.3 realms 5 rtt 30ms rto_min 200ms features ecn"
            + " congctl reno advmss lock 1000 window 3000 hoplimit 9 quickack 1",
        "route add 10.2.0.0/16 via inet6 fe80::1 dev eth0; route add 10.3.0.0/16 via 192.0.2.1"
            + " dev eth0 onlink",
        "route add 10.2.0.0/16 nexthop via 192.0.2.1 dev eth0 onlink weight 3 nexthop dev eth1",
        "route add local 10.2.0.0/16 dev lo; route add throw 10.3.0.0/16 table 77",
        "route add prohibit 10.2.0.0/16; route add unreachable fd02::/64; route add blackhole"
            + " default table 88; route add default dev lo table 99; route add ::/0 dev eth0 table 99",
        "route add multicast 239.0.0.0/8 dev eth0; route add broadcast 10.2.0.255 dev eth1",
        "route add fd02::/64 nexthop via fd00::3 nexthop via fd00::4; route add fd03::/64 from"
            + " fd04::/64 via fd00::5",
        "route add fd02::/64 dev eth0; route append fd02::/64 dev eth1",
        "route add 10.2.0.0/16 dev eth1; route append 10.2.0.0/16 dev eth0",
        "route add default via fd00::1 pref high metric 5; route add fd02::/64 via fd00::1"
            + " metric 6 mtu 1300",
        "nexthop add id 1 via 10.0.0.3 dev eth0; route add 10.2.0.0/16 via 10.0.0.3",
        // Rules.
        "rule add not from 10.2.0.1 to 10.3.0.0/16 tos 0x10 fwmark 0x3/0xff iif eth0 oif eth1"
            + " table 100 priority 9",
        "rule add ipproto tcp sport 80 dport 90-100 uidrange 1-3 table main suppress_prefixlength"
            + " 0 priority 9; rule add ipproto 99 nop priority 9",
        "rule add from 10.2.0.1 goto 32766 priority 9; rule add to 10.2.0.1 blackhole priority 10",
        "rule add from 10.2.0.1 table 9 priority 9; rule add from 10.2.0.1 table 8 priority 9",
        "rule del priority 0; rule add priority 100 table local; rule del priority 32767",
        // Neighbours.
        "neighbour add fd00::9 lladdr 02:00:00:00:00:09 dev eth0 nud permanent router; neighbour"
            + " add proxy fd00::10 dev eth1; neighbour add 10.0.0.9 lladdr 02:00:00:00:00:01 dev"
            + " eth0 nud stale",
      })
  void itFollowsEachChangeAndBack(String change) throws IOException {
    host.set("net/ipv6/conf/default/accept_dad", "0");
    host.addVeth("eth0", outside);
    host.addVeth("eth1", outside);
    host.ip("link set dev eth0 up\nlink set dev eth1 up\n");
    host.ip("address add 10.0.0.2/24 dev eth0\naddress add fd00::2/64 dev eth0\n");
    host.ip("route add default via 10.0.0.1\nroute add default via fd00::1\n");
    NetworkState first = follow();

    host.ip(String.join("\n", change.split("; *", -1)) + "\n");
    assertFalse(NetworkChange.between(first, host.namespace().read()).isEmpty());
    NetworkState second = follow();
    assertSame();

    // A guest that is told all at once is the same, and what was told can be taken back.
    try (RealNamespace other = RealNamespace.open()) {
      other.ip(FRESH);
      RealNamespace early = guest;
      guest = other;
      other.apply(NetworkChange.between(NetworkState.EMPTY, second), outside);
      assertSame();
      guest = early;
    }
    NetworkChange back = NetworkChange.between(second, first);
    guest.apply(back, outside);
    NetworkState now = settled(guest);
    assertEquals(String.join("\n", texts(first)), String.join("\n", texts(now)));
  }

  @Test
  void linksComeAndGoAndChangeTheirNames() throws IOException {
    host.set("net/ipv6/conf/default/accept_dad", "0");
    for (String name : List.of("eth0", "eth1", "eth2")) {
      host.addVeth(name, outside);
      host.ip("link set dev " + name + " up\n");
    }
    host.ip(
        """
        address add 10.0.0.2/24 dev eth0
        address add 10.1.0.2/24 dev eth1
        address add 10.2.0.2/24 dev eth2
        address add fd01::2/64 dev eth1
        route add default via 10.1.0.1
        neighbour add 10.1.0.9 lladdr 02:00:00:00:00:09 dev eth1 nud permanent
        rule add iif eth1 table 100 priority 4
        """);
    host.set("net/ipv4/conf/eth1/rp_filter", "2");
    follow();
    assertSame();

    host.ip(
        """
        link del dev eth2
        link set dev eth0 down
        link set dev eth1 down
        link set dev eth0 name tmp
        link set dev eth1 name eth0
        link set dev tmp name eth1
        link set dev eth0 up
        link set dev eth1 up
        route add default via 10.1.0.1
        """);
    host.addVeth("eth2", outside);
    host.ip("address add 10.3.0.2/24 dev eth2\n");
    NetworkChange change = NetworkChange.between(told, host.namespace().read());
    assertEquals(List.of("eth2"), change.vanished().stream().map(Link::name).toList());
    assertEquals(List.of("eth2"), change.appeared().stream().map(Link::name).toList());

    follow();
    assertSame();
    assertEquals("2\n", guest.get("net/ipv4/conf/eth0/rp_filter"));
    assertEquals("0\n", guest.get("net/ipv4/conf/eth1/rp_filter"));
  }

  @Test
  void whatTheGuestHasChangedItselfStays() throws IOException {
    host.addVeth("eth0", outside);
    host.ip("link set dev eth0 up\naddress add 10.0.0.2/24 dev eth0\n");
    follow();
    guest.ip("address add 192.0.2.7/24 dev eth0\nroute add default via 10.0.0.77 metric 3\n");

    host.ip("address add 10.0.0.5/24 dev eth0\nroute add default via 10.0.0.1\n");
    follow();

    String addresses = listing(guest, "-4 address show dev eth0");
    assertTrue(addresses.contains("192.0.2.7/24"), addresses);
    assertTrue(addresses.contains("10.0.0.5/24"), addresses);
    String routes = listing(guest, "-4 route show");
    assertTrue(routes.contains("default via 10.0.0.77"), routes);
    assertTrue(routes.contains("default via 10.0.0.1"), routes);
  }

  @Test
  void settingsAreFoundFollowedAndTakenBack() throws IOException {
    host.addVeth("eth0.x", outside);
    host.ip("link set dev eth0.x up\n");
    follow();
    assertEquals(Map.of(), told.sysctls());

    host.set("net/core/somaxconn", "321");
    host.set("net/ipv4/conf/eth0.x/arp_ignore", "1");
    host.set("net/ipv6/conf/all/forwarding", "1");
    host.set("net/ipv6/conf/eth0.x/forwarding", "0");
    host.set("net/ipv4/neigh/eth0.x/retrans_time_ms", "777");
    host.set("net/ipv4/ip_local_port_range", "61440 65535");
    NetworkChange change = NetworkChange.between(told, host.namespace().read());
    assertEquals(
        List.of(
            "net/ipv6/conf/all/forwarding",
            "net/ipv6/conf/default/forwarding",
            "net/core/somaxconn",
            "net/ipv4/conf/eth0.x/arp_ignore",
            "net/ipv4/neigh/eth0.x/retrans_time_ms",
            "net/ipv6/conf/eth0.x/forwarding",
            "net/ipv6/conf/lo/forwarding"),
        new ArrayList<>(change.sysctls().keySet()));
    follow();
    assertEquals(told.sysctls(), settled(guest).sysctls());

    host.set("net/core/somaxconn", "4096");
    host.set("net/ipv4/conf/eth0.x/arp_ignore", "0");
    follow();
    assertEquals(told.sysctls(), settled(guest).sysctls());
    assertEquals("0\n", guest.get("net/ipv4/conf/eth0.x/arp_ignore"));
  }

  /** So Docker does it in a network with IPv6. */
  @Test
  void versionSixIsOffButForSome() throws IOException {
    host.set("net/ipv6/conf/all/disable_ipv6", "1");
    host.set("net/ipv6/conf/default/disable_ipv6", "1");
    host.set("net/ipv6/conf/lo/disable_ipv6", "0");
    host.addVeth("eth0", outside);
    host.addVeth("eth1", outside);
    host.set("net/ipv6/conf/eth0/disable_ipv6", "0");
    host.ip("link set dev eth0 up\naddress add fd00::2/64 dev eth0\n");

    follow();

    for (String name : List.of("all", "default", "lo", "eth0", "eth1")) {
      String sysctl = "net/ipv6/conf/" + name + "/disable_ipv6";
      assertEquals(host.get(sysctl), guest.get(sysctl), name);
    }
    assertTrue(listing(guest, "-6 address show dev lo").contains("::1/128"));
  }

  @Test
  void stateSurvivesBeingWritten() throws IOException {
    host.addVeth("eth0", outside);
    host.set("net/ipv4/conf/eth0/rp_filter", "2");
    host.ip(
        """
        link set dev eth0 up
        address add 10.0.0.2/24 broadcast + dev eth0
        address add fd00::2/64 dev eth0
        route add 10.8.0.0/16 nexthop via 10.0.0.7 weight 2 nexthop via 10.0.0.8
        route add 10.9.0.0/16 via 10.0.0.9 mtu lock 1300 rtt 30ms features ecn congctl reno
        route add 10.10.0.0/16 via inet6 fe80::1 dev eth0 onlink
        rule add fwmark 1 table 5
        neighbour add 10.0.0.77 lladdr 02:00:00:00:00:77 dev eth0 nud permanent
        neighbour add proxy 10.0.0.78 dev eth0
        """);
    NetworkState state = settled(host);

    byte[] written = JsonWriter.compact().writeBytes(state.toJson());
    NetworkState again =
        NetworkState.fromJson(
            JsonCursor.root("network.json", new JsonReader("network.json").parse(written)));

    assertEquals(state, again);
  }

  private NetworkState follow() throws IOException {
    NetworkState state = settled(host);
    guest.apply(NetworkChange.between(told, state), outside);
    told = state;
    return state;
  }

  private void assertSame() throws IOException {
    for (Link link : host.namespace().read().guestLinks()) {
      for (String listing : List.of("-4 address show dev ", "-6 address show dev ")) {
        assertEquals(listing(host, listing + link.name()), listing(guest, listing + link.name()));
      }
    }
    for (String listing :
        List.of(
            "-4 route show table all",
            "-6 route show table all",
            "-4 rule show",
            "-6 rule show",
            "neighbour show nud permanent",
            "neighbour show proxy")) {
      assertEquals(listing(host, listing), listing(guest, listing), listing);
    }
  }

  /** Everything but what one namespace has by its own. */
  private static List<String> texts(NetworkState state) {
    List<String> texts = new ArrayList<>();
    state.addresses().forEach(address -> texts.add(address.text()));
    state.routes().forEach(route -> texts.add(route.text()));
    state.rules().forEach(rule -> texts.add(rule.text()));
    state.neighbours().forEach(neighbour -> texts.add(neighbour.text()));
    state.links().forEach(link -> texts.add(link.name() + link.mac() + link.mtu() + link.isUp()));
    texts.sort(null);
    return texts;
  }

  private static String listing(RealNamespace namespace, String what) throws IOException {
    List<String> command = new ArrayList<>(List.of("ip", "-d"));
    command.addAll(List.of(what.split(" ")));
    // Only the kernel can say that it has made an address, its multicast routes are in the order
    // in which links got their carrier, and the numbers of the links and of
    // their other ends are no property of a namespace.
    return namespace
        .namespace()
        .run(command, Optional.empty())
        .replace(" stable-privacy", "")
        .replaceAll("(?m)^multicast ff00::/8 .*\n", "")
        .replaceAll("(?m)^[0-9]+: ([^@:]+)@if[0-9]+:", "$1:");
  }

  /** Reads a namespace when the kernel has made what it makes a little later. */
  private static NetworkState settled(RealNamespace namespace) throws IOException {
    NetworkState state = namespace.namespace().read();
    while (!isSettled(state) || !listing(namespace, "-6 address show tentative").isBlank()) {
      state = namespace.namespace().read();
    }
    return state;
  }

  private static boolean isSettled(NetworkState state) {
    return state.links().stream()
        .filter(link -> link.role() == LinkRole.NIC && link.isUp() && link.hasIpv6())
        .filter(link -> !link.addressMode().equals(Optional.of("none")))
        .allMatch(
            link ->
                link.hasCarrier()
                    && state.addresses().stream()
                        .anyMatch(
                            address ->
                                address.link().equals(link.name())
                                    && address.isV6()
                                    && address.scope() == Scopes.LINK));
  }
}
