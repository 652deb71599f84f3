package dev.limpid.vm.network;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonReader;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The lines that a change becomes, of links that this kernel can't make. */
class NetworkChangeTest {
  private static final String LO =
      "{'ifindex':1,'ifname':'lo','flags':['LOOPBACK','UP','LOWER_UP'],'mtu':65536,'txqlen':1000,"
          + "'link_type':'[772]','inet6_addr_gen_mode':'eui64'}";
  private static final String ETH0 = link(2, "eth0", "veth", "'link_netnsid':0,'link_index':9");
  private static final String VLAN =
      link(
          5,
          "v5",
          "vlan','info_data':{'protocol':'[33024]','id':5,'flags':['REORDER_HDR']},'x':'",
          "'link':'eth0'");
  private static final String INNER =
      link(3, "v6", "vlan','info_data':{'protocol':'802.1ad','id':6},'x':'", "'link':'v5'");
  private static final String DUMMY = link(7, "dummy0", "dummy", "'link':null");

  @Test
  void nothingIsToBeDoneIfNothingHasChanged() {
    NetworkState state = state(LO, ETH0, VLAN, DUMMY);
    assertTrue(NetworkChange.between(state, state).isEmpty());
    assertTrue(NetworkChange.between(NetworkState.EMPTY, NetworkState.EMPTY).isEmpty());
  }

  @Test
  void vlansAndDummiesAreMadeAfterWhatTheyAreOn() {
    NetworkChange change = NetworkChange.between(state(LO), state(LO, INNER, ETH0, VLAN, DUMMY));
    assertEquals(List.of("eth0"), change.appeared().stream().map(Link::name).toList());
    assertEquals(
        """
        link set dev eth0 address 02:00:00:00:00:02
        link set dev eth0 mtu 1500
        link set dev eth0 txqueuelen 1000
        link set dev eth0 addrgenmode none
        link add name dummy0 type dummy
        link set dev dummy0 address 02:00:00:00:00:07
        link set dev dummy0 mtu 1500
        link set dev dummy0 txqueuelen 1000
        link set dev dummy0 arp on
        link set dev dummy0 addrgenmode none
        link add link eth0 name v5 type vlan protocol 802.1Q id 5 reorder_hdr on gvrp off mvrp off loose_binding off bridge_binding off
        link set dev v5 address 02:00:00:00:00:05
        link set dev v5 mtu 1500
        link set dev v5 txqueuelen 1000
        link set dev v5 arp on
        link set dev v5 addrgenmode none
        link add link v5 name v6 type vlan protocol 802.1ad id 6 reorder_hdr off gvrp off mvrp off loose_binding off bridge_binding off
        link set dev v6 address 02:00:00:00:00:03
        link set dev v6 mtu 1500
        link set dev v6 txqueuelen 1000
        link set dev v6 arp on
        link set dev v6 addrgenmode none
        """,
        change.links());
    assertEquals(
        """
        link set dev eth0 up state up
        link set dev dummy0 up
        link set dev v5 up
        link set dev v6 up
        link set dev eth0 addrgenmode eui64
        link set dev dummy0 addrgenmode eui64
        link set dev v5 addrgenmode eui64
        link set dev v6 addrgenmode eui64
        """,
        change.configuration());
  }

  @Test
  void aVlanOnWhatTheGuestDoesNotHaveIsNotMade() {
    NetworkState state = state(LO, link(2, "eth0", "bridge", "'link':null"), VLAN, INNER, DUMMY);
    assertEquals(
        List.of("eth0 is of kind bridge", "v5 is on eth0", "v6 is on v5"), state.remarks());
    NetworkChange change = NetworkChange.between(state(LO), state);
    assertEquals(
        "link set dev dummy0 up\nlink set dev dummy0 addrgenmode eui64\n", change.configuration());
  }

  @Test
  void whatWasMadeIsTakenAway() {
    NetworkChange change = NetworkChange.between(state(LO, ETH0, VLAN, DUMMY), state(LO, ETH0));
    assertEquals("link del dev v5\nlink del dev dummy0\n", change.undo());
    assertEquals("", change.links() + change.configuration());
  }

  @Test
  void aLinkOfAnotherNumberIsAnotherOne() {
    NetworkState before = state(LO, ETH0);
    NetworkState after = state(LO, ETH0.replace("'ifindex':2", "'ifindex':8"));
    NetworkChange change = NetworkChange.between(before, after);
    assertEquals(before.links().subList(1, 2), change.vanished());
    assertEquals(after.links().subList(1, 2), change.appeared());
    assertEquals("", change.undo());
  }

  @Test
  void aLinkOfAnotherKindIsAnotherOne() {
    NetworkChange change =
        NetworkChange.between(state(LO, ETH0), state(LO, ETH0.replace("veth", "macvlan")));
    assertEquals(1, change.vanished().size());
    assertEquals(1, change.appeared().size());
  }

  @Test
  void whatComesUnderABridgeIsGone() {
    String below = ETH0.replace("'link_netnsid'", "'master':'br0','link_netnsid'");
    NetworkChange change = NetworkChange.between(state(LO, ETH0), state(LO, below));
    assertEquals(1, change.vanished().size());
    assertEquals(List.of(), change.appeared());
  }

  @Test
  void addressAndSizeChangeInPlace() {
    String changed = ETH0.replace("02:00:00:00:00:02", "02:00:00:00:00:99").replace("1500", "1400");
    NetworkChange change = NetworkChange.between(state(LO, ETH0), state(LO, changed));
    assertEquals(
        "link set dev eth0 address 02:00:00:00:00:99\nlink set dev eth0 mtu 1400\n",
        change.links());
    assertEquals(List.of(), change.vanished());
    assertEquals("", change.configuration());
  }

  @Test
  void namesAreSwappedByNamesThatNobodyHas() {
    String eth1 = link(3, "eth1", "veth", "'link_netnsid':0");
    NetworkChange change =
        NetworkChange.between(
            state(LO, ETH0, eth1),
            state(LO, ETH0.replace("eth0", "eth1"), eth1.replace("eth1", "eth0")));
    assertEquals(
        """
        link set dev eth0 down
        link set dev eth0 name lim-2
        link set dev eth1 down
        link set dev eth1 name lim-3
        link set dev lim-2 name eth1
        link set dev lim-3 name eth0
        """,
        change.undo());
    assertEquals(List.of(), change.appeared());
  }

  @Test
  void linksThatAreNotInTheGuestBringNothingThere() {
    NetworkState state =
        NetworkState.parse(
            cursor("[" + LO + "," + link(4, "limpid1", "tun", "'link':null") + "]"),
            cursor(
                "[{'ifname':'limpid1','addr_info':[{'family':'inet','local':'10.0.0.1',"
                    + "'prefixlen':24,'scope':'0'}]}]"),
            cursor("[{'dst':'10.0.0.0/24','dev':'limpid1','protocol':'2','scope':'253'}]"),
            cursor("[]"),
            cursor("[]"),
            cursor("[{'dst':'10.0.0.9','dev':'limpid1','state':['PERMANENT']}]"),
            cursor("[]"));
    NetworkChange change = NetworkChange.between(state(LO), state);
    assertTrue(change.isEmpty(), change.toString());
  }

  @Test
  void whatEndsByItselfIsNotTakenAway() {
    String address =
        "[{'ifname':'eth0','addr_info':[{'family':'inet6','local':'fd00::1','prefixlen':64,"
            + "'scope':'0','valid_life_time':LEFT,'preferred_life_time':LEFT}]}]";
    NetworkState long1 = addressed(address.replace("LEFT", "1000"));
    NetworkState less = addressed(address.replace("LEFT", "900"));
    NetworkState none = addressed("[]");
    assertTrue(NetworkChange.between(long1, less).isEmpty());
    assertTrue(NetworkChange.between(long1, none).isEmpty());
    assertEquals(
        """
        address replace fd00::1/64 dev eth0 valid_lft 1000 preferred_lft 1000 nodad
        address replace fd00::1/64 dev eth0 valid_lft 1000 preferred_lft 1000
        """,
        NetworkChange.between(less, long1).configuration());
  }

  private static NetworkState addressed(String addresses) {
    JsonCursor none = cursor("[]");
    return NetworkState.parse(
        cursor("[" + LO + "," + ETH0 + "]"), cursor(addresses), none, none, none, none, none);
  }

  private static NetworkState state(String... links) {
    JsonCursor none = cursor("[]");
    return NetworkState.parse(
        cursor("[" + String.join(",", links) + "]"), none, none, none, none, none, none);
  }

  private static String link(int index, String name, String kind, String more) {
    return ("{'ifindex':"
            + index
            + ",'ifname':'"
            + name
            + "','flags':['MULTICAST','UP','LOWER_UP'],")
        + "'mtu':1500,'txqlen':1000,'link_type':'[1]','address':'02:00:00:00:00:0"
        + index
        + "','inet6_addr_gen_mode':'eui64','linkinfo':{'info_kind':'"
        + kind
        + (kind.equals("tun") ? "','info_data':{'type':'tap'},'x':'" : "")
        + "'},"
        + more
        + "}";
  }

  private static JsonCursor cursor(String text) {
    return JsonCursor.root("x", new JsonReader("x").parse(text.replace('\'', '"').getBytes(UTF_8)));
  }
}
