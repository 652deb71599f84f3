package dev.limpid.vm.network;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Links as iproute2 prints them, real ones and such as this kernel can't make. */
class LinkTest {
  private static final String GOOD =
      """
      {"ifindex":2,"ifname":"eth0","flags":["UP"],"mtu":1500,"link_type":"[1]",
       "address":"02:00:00:00:00:01","txqlen":1000,"group":"0",
       "linkinfo":{"info_kind":"vlan","info_data":{"protocol":"[33024]","id":5,"flags":[]}},
       "link":"eth1","inet6_addr_gen_mode":"eui64"}""";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"ifname\":\"eth0\" | \"ifname\":\"\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"a b\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"a\\nb\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"a\\tb\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"a\\\"b\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"a'b\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"a#b\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"a\\\\\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"a/b\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"a:b\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"eth%d\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"..\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"ethé\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":\"a23456789012345b\" | ifname",
        "\"ifname\":\"eth0\" | \"ifname\":7 | ifname",
        "\"ifindex\":2 | \"ifindex\":0 | ifindex",
        "\"ifindex\":2 | \"ifindex\":2147483648 | ifindex",
        "\"mtu\":1500 | \"mtu\":-1 | mtu",
        "\"mtu\":1500 | \"mtu\":\"1500\" | mtu",
        "\"txqlen\":1000 | \"txqlen\":4294967296 | txqlen",
        "\"group\":\"0\" | \"group\":\"default\" | group",
        "\"group\":\"0\" | \"group\":\"+1\" | group",
        "02:00:00:00:00:01 | 02:00:00:00:00 | address",
        "02:00:00:00:00:01 | 02:00:00:00:00:0g | address",
        "02:00:00:00:00:01 | 02:00:00:00:00:01 up | address",
        "\"flags\":[\"UP\"] | \"flags\":\"UP\" | flags",
        "eui64 | eui64 up | inet6_addr_gen_mode",
        "\"info_kind\":\"vlan\" | \"info_kind\":\"vl an\" | linkinfo.info_kind",
        "\"id\":5 | \"id\":4095 | linkinfo.info_data.id",
        "[33024] | [33025] | linkinfo.info_data.protocol",
        "\"flags\":[]} | \"flags\":[\"X\"]} | linkinfo.info_data.flags[0]",
        "\"link\":\"eth1\" | \"link\":\"a b\" | link",
      })
  void refusesWhatIsNoLinkAndSaysWhere(String right, String wrong, String path) throws IOException {
    String text = GOOD.replace(right, wrong);
    InvalidSpecException refused =
        assertThrows(InvalidSpecException.class, () -> Link.parse(cursor(text)));
    assertEquals(path, refused.path());
  }

  @Test
  void knowsWhatBecomesOfEachLink() throws IOException {
    List<String> roles =
        state().links().stream().map(link -> link.name() + " " + link.role()).toList();
    assertEquals(
        List.of(
            "lo LOOPBACK",
            "br0 UNSUPPORTED",
            "eth0 NIC",
            "mv1 NIC",
            "limpid3 IGNORED",
            "tun1 UNSUPPORTED",
            "tap1 NIC",
            "slave UNSUPPORTED",
            "eth7 NIC",
            "v5 MADE",
            "dummy0 MADE",
            "ipv1 NIC",
            "macvtap0 NIC",
            "enp3s0 NIC",
            "vlan7 NIC",
            "vlan8 NIC",
            "wg0 UNSUPPORTED",
            "tunl0 IGNORED",
            "ip6tnl0 UNSUPPORTED",
            "nk0 NIC",
            "nk1 UNSUPPORTED",
            "ib0 UNSUPPORTED"),
        roles);
  }

  @Test
  void saysWhyALinkIsNotInTheGuest() throws IOException {
    assertEquals(
        List.of(
            "br0 is of kind bridge",
            "tun1 is of kind tun",
            "slave belongs to br0",
            "wg0 is of kind wireguard",
            "ip6tnl0 is of kind ip6tnl",
            "nk1 is of kind netkit, and no Ethernet",
            "ib0 is of kind type-32"),
        state().remarks());
  }

  @Test
  void readsWhatThereIsToKnow() throws IOException {
    Link veth = link("eth0");
    assertEquals("veth", veth.kind());
    assertTrue(veth.elsewhere());
    assertEquals(Optional.empty(), veth.parent());
    assertEquals(Set.of("MULTICAST"), veth.flags());
    assertEquals(Optional.of("eui64"), veth.addressMode());
    Link vlan = link("v5");
    assertEquals(Optional.of("eth0"), vlan.parent());
    assertEquals(
        Optional.of(new Vlan("802.1Q", 5, Set.of("reorder_hdr"), List.of(), List.of())),
        vlan.vlan());
    assertEquals(
        "vlan protocol 802.1Q id 8 reorder_hdr on gvrp on mvrp off loose_binding off"
            + " bridge_binding off ingress-qos-map 1:2 egress-qos-map 3:4 5:6",
        link("vlan8").vlan().orElseThrow().text());
    assertEquals("802.1ad", link("vlan7").vlan().orElseThrow().protocol());
    assertEquals(Set.of("NOARP"), link("dummy0").flags());
    assertEquals(0, link("br0").group());
  }

  @Test
  void eachSurvivesBeingWritten() throws IOException {
    for (Link link : state().links()) {
      assertEquals(link, Link.parse(JsonCursor.root("links", link.toJson())));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "x\\n", "\\\"", "#", "$(x", "ä", ""})
  void anAliasThatIsNotSimpleIsLeftOut(String alias) throws IOException {
    String text = GOOD.replace("\"mtu\"", "\"ifalias\":\"" + alias + "\",\"mtu\"");
    assertEquals(Optional.empty(), Link.parse(cursor(text)).alias());
  }

  private static Link link(String name) throws IOException {
    return state().links().stream()
        .filter(link -> link.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  static NetworkState state() throws IOException {
    try (InputStream in = LinkTest.class.getResourceAsStream("links.json")) {
      JsonCursor none = cursor("[]");
      return NetworkState.parse(
          cursor(new String(in.readAllBytes(), UTF_8)), none, none, none, none, none, none);
    }
  }

  private static JsonCursor cursor(String text) {
    return JsonCursor.root("links", new JsonReader("links").parse(text.getBytes(UTF_8)));
  }
}
