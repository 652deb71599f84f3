package dev.limpid.vm.network;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What else iproute2 prints of a namespace: each value is checked as a stranger's. */
class NetworkStateTest {
  private static final String ADDRESS =
      """
      {"family":"inet","local":"10.0.0.2","address":"10.0.0.1","prefixlen":24,
       "broadcast":"10.0.0.255","scope":"0","label":"eth0","valid_life_time":4294967295,
       "preferred_life_time":4294967295,"metric":5}""";
  private static final String ROUTE =
      """
      {"type":"1","dst":"10.9.0.0/16","gateway":"10.0.0.1","dev":"eth0","table":"254",
       "protocol":"3","scope":"0","prefsrc":"10.0.0.2","metric":7,"tos":"0x10","flags":[],
       "flow":{"to":"5"},"metrics":[{"mtu":1300,"congestion":"reno"}]}""";
  private static final String RULE =
      """
      {"priority":9,"src":"10.0.0.0","srclen":8,"tos":"0x10","fwmark":"0x3","fwmask":"0xff",
       "iif":"eth0","uid_start":1,"uid_end":3,"ipproto":"ipproto-6","sport":80,"dport_start":90,
       "dport_end":100,"table":"100","suppress_prefixlen":0,"protocol":"0"}""";
  private static final String NEIGHBOUR =
      """
      {"dst":"10.0.0.7","dev":"eth0","lladdr":"02:00:00:00:00:07","state":["PERMANENT"]}""";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "10.0.0.2 | 10.0.0.2 up | local",
        "10.0.0.2 | host | local",
        "10.0.0.2 | fd00::1 | local",
        "\"prefixlen\":24 | \"prefixlen\":33 | prefixlen",
        "10.0.0.1 | fd00::1 | address",
        "10.0.0.255 | + | broadcast",
        "\"scope\":\"0\" | \"scope\":\"256\" | scope",
        "\"scope\":\"0\" | \"scope\":\"x y\" | scope",
        "\"label\":\"eth0\" | \"label\":\"a b\" | label",
        "\"label\":\"eth0\" | \"label\":\"#\" | label",
        "\"metric\":5 | \"metric\":-5 | metric",
      })
  void refusesWhatIsNoAddress(String right, String wrong, String path) {
    assertRefused(path, () -> Address.parse("eth0", cursor(ADDRESS.replace(right, wrong))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"type\":\"1\" | \"type\":\"10\" | type",
        "\"type\":\"1\" | \"type\":\"nat\" | type",
        "10.9.0.0/16 | 10.9.0.0/40 | dst",
        "\"gateway\":\"10.0.0.1\" | \"gateway\":\"gw\" | gateway",
        "\"dev\":\"eth0\" | \"dev\":\"a b\" | dev",
        "\"table\":\"254\" | \"table\":\"main\" | table",
        "\"table\":\"254\" | \"table\":\"0\" | table",
        "\"protocol\":\"3\" | \"protocol\":\"256\" | protocol",
        "\"prefsrc\":\"10.0.0.2\" | \"prefsrc\":\"\" | prefsrc",
        "\"metric\":7 | \"metric\":\"7\" | metric",
        "\"tos\":\"0x10\" | \"tos\":\"0x100\" | tos",
        "\"tos\":\"0x10\" | \"tos\":\"0x\" | tos",
        "\"flow\":{\"to\":\"5\"} | \"flow\":{\"to\":\"cosmos\"} | flow.to",
        "\"mtu\":1300 | \"mtu\":\"lock\" | metrics[0].mtu",
        "\"reno\" | \"re no\" | metrics[0].congestion",
        "\"flags\":[] | \"flags\":[],\"pref\":\"best\" | pref",
        "\"flags\":[] | \"nexthops\":[{\"dev\":\"eth0\",\"weight\":257}] | nexthops[0].weight",
      })
  void refusesWhatIsNoRoute(String right, String wrong, String path) {
    assertRefused(path, () -> Route.parse(cursor(ROUTE.replace(right, wrong))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"priority\":9 | \"priority\":-9 | priority",
        "\"src\":\"10.0.0.0\" | \"src\":\"any\" | src",
        "\"src\":\"10.0.0.0\" | \"src\":\"fd00::\" | src",
        "\"srclen\":8 | \"srclen\":33 | srclen",
        "\"fwmark\":\"0x3\" | \"fwmark\":\"0x100000000\" | fwmark",
        "\"iif\":\"eth0\" | \"iif\":\"a b\" | iif",
        "\"uid_end\":3 | \"uid_end\":\"3\" | uid_end",
        "ipproto-6 | ipproto-256 | ipproto",
        "ipproto-6 | 6 7 | ipproto",
        "\"sport\":80 | \"sport\":65536 | sport",
        "\"dport_end\":100 | \"dport_last\":100 | dport_end",
        "\"table\":\"100\" | \"table\":\"main\" | table",
        "\"table\":\"100\" | \"action\":\"5\" | action",
        "\"suppress_prefixlen\":0 | \"suppress_prefixlen\":129 | suppress_prefixlen",
      })
  void refusesWhatIsNoRule(String right, String wrong, String path) {
    assertRefused(path, () -> Rule.parse(false, cursor(RULE.replace(right, wrong))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "10.0.0.7 | x | dst",
        "eth0 | a b | dev",
        "02:00:00:00:00:07 | 02 00 | lladdr",
        "02:00:00:00:00:07 | '' | lladdr",
      })
  void refusesWhatIsNoNeighbour(String right, String wrong, String path) {
    assertRefused(path, () -> Neighbour.parse(cursor(NEIGHBOUR.replace(right, wrong))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "x\ny", "\"", "'", "#", "\\"})
  void refusesARuleOfItsOwnFileThatIsNoneOfWords(String word) {
    Rule rule = new Rule(true, 5, List.of("from", word));
    assertRefused("words[1]", () -> Rule.fromJson(JsonCursor.root("x", rule.toJson())));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "kernel/panic", "net", "net/", "net/../x", "net//x", "net/a b", "/net/x"})
  void refusesASettingOfItsOwnFileThatIsNone(String name) {
    String text =
        JsonWriter.compact()
            .write(NetworkState.EMPTY.toJson())
            .replace(
                "\"sysctls\":{}",
                "\"sysctls\":{\"" + name + "\":{\"value\":\"1\",\"pristine\":\"0\"}}");
    assertThrows(InvalidSpecException.class, () -> NetworkState.fromJson(cursor(text)));
  }

  @Test
  void writesLinesForIp() {
    assertEquals(
        "10.0.0.2 peer 10.0.0.1/24 dev eth0 broadcast 10.0.0.255 scope global label eth0 metric 5"
            + " valid_lft forever preferred_lft forever",
        Address.parse("eth0", cursor(ADDRESS)).orElseThrow().text());
    assertEquals(
        "unicast 10.9.0.0/16 tos 0x10 via 10.0.0.1 dev eth0 table 254 proto 3 scope global src"
            + " 10.0.0.2 metric 7 realms 5 congctl reno mtu 1300",
        Route.parse(cursor(ROUTE)).text());
    assertEquals(
        "priority 9 from 10.0.0.0/8 tos 0x10 fwmark 0x3/0xff iif eth0 uidrange 1-3 ipproto 6"
            + " sport 80 dport 90-100 lookup 100 suppress_prefixlength 0",
        Rule.parse(false, cursor(RULE)).text());
    assertEquals(
        "10.0.0.7 dev eth0 lladdr 02:00:00:00:00:07 nud permanent",
        Neighbour.parse(cursor(NEIGHBOUR)).orElseThrow().text());
  }

  @Test
  void saysWhatHasNoPlaceInTheGuest() {
    NetworkState state =
        NetworkState.parse(
            cursor("[]"),
            cursor("[]"),
            cursor(
                """
                [{"type":"1","dst":"fd01::/64","encap":"seg6","mode":"encap","dev":"eth0"},
                 {"type":"1","dst":"10.0.0.0/8","nexthops":[{"encap":"mpls","dev":"eth0"}]},
                 {"type":"1","dst":"10.0.0.0/8","nhid":7},
                 {"type":"1","dst":"100","dev":"eth0"}]"""),
            cursor("[{\"priority\":5,\"src\":\"all\",\"l3mdev\":null}]"),
            cursor("[{\"priority\":6,\"src\":\"all\",\"table\":\"5\",\"new\":1}]"),
            cursor("[{\"dst\":\"10.0.0.1\",\"dev\":\"eth0\",\"state\":[\"STALE\"]}]"),
            cursor("[]"));
    assertEquals(List.of(), state.routes());
    assertEquals(List.of(), state.rules());
    assertEquals(List.of(), state.neighbours());
    assertEquals(
        List.of(
            "x: [0]: a route that encapsulates",
            "x: [1]: a route that encapsulates",
            "x: [2]: a route over a next hop object that is not told",
            "x: [3]: a route that is not of IP",
            "x: [0]: a rule with \"l3mdev\"",
            "x: [0]: a rule with \"new\""),
        state.remarks());
  }

  private static void assertRefused(String path, Runnable parse) {
    InvalidSpecException refused = assertThrows(InvalidSpecException.class, parse::run);
    assertEquals(path, refused.path());
  }

  private static JsonCursor cursor(String text) {
    return JsonCursor.root("x", new JsonReader("x").parse(text.getBytes(UTF_8)));
  }
}
