package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.behaviour.HandMadeNetwork.Link;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A network namespace that somebody has prepared, and what a container has of it. */
final class NetworkNamespaceIT extends Behaviour {
  private static final String PEER = DebianRootfs.SCRIPTS + "/network-peer";

  /** How often is looked for what may be so only sometimes. */
  private static final int ROUNDS = 8;

  private static DebianRootfs debian;

  private HandMadeNetwork network;
  private String id;

  @BeforeAll
  static void unpack() throws Exception {
    debian = DebianRootfs.unpack();
  }

  @AfterAll
  static void remove() throws Exception {
    debian.remove();
  }

  @BeforeEach
  void makeNetwork() throws Exception {
    network = HandMadeNetwork.in(sandbox());
    id = sandbox().id();
  }

  private TestBundle bundle(String... script) throws Exception {
    return debian.in(sandbox().bundle()).joining("network", network.path()).script(script);
  }

  private void start() throws Exception {
    runtime().createAndStart(id, bundle("exec sleep 1000000").write());
  }

  private Outcome exec(String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("exec", id));
    all.addAll(List.of(command));
    return runtime().call(all.toArray(new String[0]));
  }

  private String shell(String script) throws Exception {
    return exec("sh", "-c", script).succeeded().out();
  }

  /** Runs a container that looks at its network first of all, and compares with the namespace. */
  private NetworkView assertAllIsThere() throws Exception {
    return assertAllIsThere(bundle(NetworkView.SCRIPT));
  }

  private NetworkView assertAllIsThere(TestBundle bundle) throws Exception {
    NetworkView outside = NetworkView.of(network.run(NetworkView.SCRIPT));
    NetworkView inside =
        NetworkView.of(
            runtime().call("run", "--bundle", bundle.write().toString(), id).succeeded().out());
    assertEquals(outside.links(), inside.links(), "links");
    assertEquals(outside.addresses(), inside.addresses(), "addresses");
    assertEquals(outside.routes(), inside.routes(), "routes");
    assertEquals(outside.rules(), inside.rules(), "rules");
    assertEquals(outside.neighbours(), inside.neighbours(), "neighbours");
    return inside;
  }

  @Test
  void everythingOfTheNamespaceIsInTheContainer() throws Exception {
    network.run(
        """
        ip link set data0 txqueuelen 500
        ip address add 10.255.0.1/32 dev lo
        ip address add 10.9.1.22/24 dev eth0 label eth0:second
        ip address add fd00:9:9::9/128 dev eth0 nodad
        ip route add 192.0.2.0/24 via 10.9.2.1 metric 77
        ip route add 192.0.2.0/24 via 10.9.1.1 metric 78
        ip route add 198.18.0.0/15 dev eth0 src 10.9.1.22
        ip route add 203.0.113.0/24 via 10.99.0.1 dev data0 onlink
        ip route add default via 10.9.2.1 dev data0 table 100
        ip rule add from 10.9.2.2 lookup 100 priority 1000
        ip -6 route add 2001:db8:1::/48 via fd00:9:2::1 metric 50
        ip -6 route add default via fd00:9:2::1 dev data0 table 100
        ip -6 rule add from fd00:9:2::/64 lookup 100 priority 1001
        ip neighbour add 10.9.2.9 lladdr 02:00:00:00:00:99 nud permanent dev data0
        ip neighbour add fd00:9:2::9 lladdr 02:00:00:00:00:98 nud permanent dev data0
        """);
    NetworkView inside = assertAllIsThere();
    // The views hold what was made, lest two that see nothing are equal.
    assertEquals(3, inside.links().size());
    assertTrue(inside.links().get(0).contains("\"data0\""), inside::toString);
    assertTrue(inside.links().get(0).endsWith(" mtu 9000 txqlen 500 UP"), inside::toString);
    assertTrue(inside.routes().size() >= 12, inside::toString);
    assertEquals(2, inside.neighbours().size());
    assertFalse(inside.addresses().toString().contains("tentative"), inside::toString);
  }

  @Test
  void routesOfOtherKindsAreInTheContainer() throws Exception {
    network.run(
        "ip route add blackhole 10.66.0.0/16",
        "ip route add unreachable 10.67.0.0/16 metric 5",
        "ip -6 route add blackhole 2001:db8:66::/48",
        "ip route add 10.68.0.0/16 nexthop via 10.9.1.1 weight 2 nexthop via 10.9.2.1 weight 1");
    assertAllIsThere();
  }

  @Test
  void everythingIsThereInAUserNamespaceToo() throws Exception {
    JsonArray all =
        JsonArray.of(Json.object("{\"containerID\": 0, \"hostID\": 0, \"size\": 65536}"));
    TestBundle bundle =
        bundle(NetworkView.SCRIPT)
            .linux(
                linux ->
                    linux.with(
                        "namespaces",
                        ((JsonArray) linux.get("namespaces").orElseThrow())
                            .with(Json.object("{\"type\": \"user\"}"))))
            .linux(linux -> linux.with("uidMappings", all).with("gidMappings", all))
            .edit(NetworkNamespaceIT::withoutSysfs);
    NetworkView inside = assertAllIsThere(bundle);
    assertEquals(3, inside.links().size());
  }

  /** A user namespace may not mount it for a network namespace that is not its own. */
  private static JsonObject withoutSysfs(JsonObject config) {
    List<JsonValue> mounts =
        new ArrayList<>(((JsonArray) config.get("mounts").orElseThrow()).elements());
    mounts.removeIf(mount -> mount.toString().contains("sysfs"));
    return config.with("mounts", new JsonArray(mounts));
  }

  /** Few kernels have both; so `ip` itself says that there are some. */
  @Test
  @VmOnly
  void vlansAndDummiesAreMadeInTheContainer() throws Exception {
    Path tools = Files.createDirectory(sandbox().path("tools"));
    Files.copy(Path.of(DebianRootfs.script("ip-with-vlan")), tools.resolve("ip"));
    Files.setPosixFilePermissions(
        tools.resolve("ip"), PosixFilePermissions.fromString("rwxr-xr-x"));
    BufferedReader far =
        network.startFar(DebianRootfs.script("vlan-neighbour"), "far-eth0", "5", "10.5.0.1");
    String look =
        "ip -d link show eth0.5; ip address show idle0; for i in $(seq 30); do"
            + " ping -c 1 -W 1 10.5.0.1 > /dev/null; ip neighbour show 10.5.0.1 | grep lladdr && break;"
            + " done";
    ProcessBuilder run =
        runtime()
            .program(runtime().commandLine("run", "--bundle", bundle(look).write().toString(), id));
    run.environment().merge("PATH", tools.toString(), (path, first) -> first + ":" + path);
    String inside = runtime().toEnd(run).succeeded().out();
    assertTrue(inside.contains("eth0.5@eth0"), inside);
    assertTrue(inside.contains("vlan protocol 802.1Q id 5"), inside);
    assertTrue(inside.contains("inet 10.6.0.1/32"), inside);
    assertTrue(inside.contains("lladdr 02:00:00:00:05:05"), inside);
    assertEquals("asked in 5", far.readLine());
  }

  /** It passes on what is sent to a group only to those who have joined it. */
  @Test
  void aMacvlanCarriesBothVersions() throws Exception {
    network.addMacvlan("mac0", "10.9.7.2/24", "fd00:9:7::2/64");
    network.runFar(
        "ip address add 10.9.7.1/24 dev far-mac0",
        "ip address add fd00:9:7::1/64 dev far-mac0 nodad");
    start();
    for (String address : List.of("10.9.7.1", "fd00:9:7::1")) {
      exec("ping", "-n", "-c", "1", "-W", "10", address).succeeded();
    }
    network.runFar("ping -n -c 1 -W 10 10.9.7.2", "ping -n -c 1 -W 10 fd00:9:7::2");
  }

  /**
   * Who asks the kernel whether a link is of use, as Java does, is not to be told that it is not.
   */
  @Test
  void linksHaveTheirCarrierFromTheFirst() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      Path directory = bundle("ip -j link show up").write();
      String links = runtime().call("run", "--bundle", directory.toString(), id).succeeded().out();
      assertEquals(3, Json.read(links).elements().size(), links);
      assertFalse(links.contains("NO-CARRIER"), links);
      assertEquals(2, links.split("\"operstate\":\"UP\"", -1).length - 1, links);
    }
  }

  @Test
  void aLinkThatIsDownStaysDown() throws Exception {
    network.run("ip link set data0 down");
    NetworkView inside = assertAllIsThere();
    assertTrue(inside.links().get(0).endsWith(" mtu 9000 txqlen 1000"), inside::toString);
  }

  @Test
  void packetsAreAsLargeAsEachLinkAllows() throws Exception {
    start();
    for (Link link : HandMadeNetwork.LINKS) {
      // What is not of the data: 20 bytes of IP's header, or 40 of version 6, and 8 of ICMP's.
      for (int headers : List.of(28, 48)) {
        String address = headers == 28 ? link.farAddress() : link.farAddress6();
        int most = link.mtu() - headers;
        ping(address, most).succeeded();
        Outcome tooLarge = ping(address, most + 1).exited(1);
        assertTrue(
            (tooLarge.out() + tooLarge.err()).contains("message too long, mtu: " + link.mtu())
                || (tooLarge.out() + tooLarge.err())
                    .contains("message too long, mtu=" + link.mtu()),
            tooLarge::toString);
        network.runFar("ping -n -M do -c 1 -W 10 -s " + most + " " + mine(link, headers));
      }
    }
  }

  /** More than a tap can be set to, and less than IPv6 needs. */
  @ParameterizedTest
  @ValueSource(ints = {65535, 1200})
  void aLinkCanHaveAnyMtu(int mtu) throws Exception {
    network.run("ip link set eth0 mtu " + mtu);
    network.runFar("ip link set far-eth0 mtu " + mtu);
    NetworkView inside = assertAllIsThere();
    assertTrue(inside.links().toString().contains(" mtu " + mtu), inside::toString);
    runtime().call("delete", "--force", id).succeeded();
    start();
    ping(HandMadeNetwork.LINKS.get(0).farAddress(), mtu - 28).succeeded();
  }

  private static String mine(Link link, int headers) {
    return headers == 28 ? link.address() : link.address6();
  }

  private Outcome ping(String address, int size) throws Exception {
    String bytes = Integer.toString(size);
    return exec("ping", "-n", "-M", "do", "-c", "1", "-W", "10", "-s", bytes, address);
  }

  @Test
  void trafficPassesBothWaysOnEveryLink() throws Exception {
    network.serve();
    start();
    Process server =
        sandbox().start(runtime().verb("exec", id, PEER, "serve", HandMadeNetwork.PORT));
    try (var output = server.inputReader()) {
      assertEquals("ready", output.readLine());
      for (Link link : HandMadeNetwork.LINKS) {
        for (String address : List.of(link.farAddress(), link.farAddress6())) {
          String echo = exec(PEER, "echo", address, HandMadeNetwork.PORT, "3000000").out();
          assertTrue(echo.startsWith("3000000 "), () -> address + ": " + echo);
        }
        assertEquals(
            link.address() + " word\n",
            exec(PEER, "ask", link.farAddress(), HandMadeNetwork.PORT, "word").out());
        String peer = DebianRootfs.script("network-peer");
        for (String address : List.of(link.address(), link.address6())) {
          String port = " " + HandMadeNetwork.PORT + " ";
          String echo = network.runFar(peer + " echo " + address + port + "3000000");
          assertTrue(echo.startsWith("3000000 "), () -> address + ": " + echo);
        }
      }
    }
  }

  @Test
  void aRunningContainerSeesWhatChanges() throws Exception {
    start();
    Link late = new Link("late0", 1500, 3);
    network.add(late);
    network.run(
        "ip route add 192.0.2.0/24 via 10.9.3.1",
        "ip route replace default via 10.9.2.1 dev data0");
    awaitView();
    ping(late.farAddress(), 100).succeeded();

    network.run(
        "ip address add 10.9.1.77/24 dev eth0",
        "ip address del 10.9.3.2/24 dev late0",
        "ip link set data0 mtu 1300",
        "ip rule add from 10.9.1.77 lookup 100 priority 1000");
    awaitView();
    network.runFar("ping -n -c 1 -W 10 10.9.1.77");

    network.run(
        "ip link del late0", "ip rule del priority 1000", "ip address del 10.9.1.77/24 dev eth0");
    awaitView();
    ping(HandMadeNetwork.LINKS.get(0).farAddress(), 100).succeeded();
  }

  /** Waits until the container has what its namespace has. */
  private void awaitView() throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(Await.PATIENCE_SECONDS);
    NetworkView outside = NetworkView.of(network.run(withoutTaps()));
    NetworkView inside = NetworkView.of(shell(NetworkView.SCRIPT));
    while (!inside.equals(outside)) {
      if (System.nanoTime() > deadline) {
        assertEquals(outside, inside);
      }
      outside = NetworkView.of(network.run(withoutTaps()));
      inside = NetworkView.of(shell(NetworkView.SCRIPT));
    }
  }

  /** Limpid has links of its own in the namespace, each named by its number. */
  private static String withoutTaps() {
    String filter =
        "import json, sys; print(json.dumps([l for l in json.load(sys.stdin)"
            + " if not l[\"ifname\"].startswith(\"limpid\")]))";
    return NetworkView.SCRIPT
        .replace("ip -j link\n", "ip -j link | python3 -c '" + filter + "'\n")
        .replace("ip -j address\n", "ip -j address | python3 -c '" + filter + "'\n");
  }

  @Test
  @VmOnly
  void statisticsCountWhatHasPassed() throws Exception {
    network.serve();
    start();
    exec(PEER, "echo", "10.9.1.1", HandMadeNetwork.PORT, "1000000").succeeded();
    JsonCursor event = Json.read(runtime().call("events", "--stats", id).succeeded().out());
    List<String> names = new ArrayList<>();
    for (JsonCursor each : event.required("data").required("network_interfaces").elements()) {
      names.add(each.requiredString("Name"));
      long received = each.required("RxBytes").asInt64();
      long sent = each.required("TxBytes").asInt64();
      boolean used = each.requiredString("Name").equals("eth0");
      assertEquals(used, received > 1_000_000 && received < 2_000_000, event::toString);
      assertEquals(used, sent > 1_000_000 && sent < 2_000_000, event::toString);
      assertEquals(0, each.required("RxErrors").asInt64());
      assertEquals(0, each.required("TxErrors").asInt64());
      assertTrue(each.required("RxPackets").asInt64() >= (used ? 20 : 0), event::toString);
    }
    assertEquals(List.of("data0", "eth0"), names.stream().sorted().toList());
  }
}
