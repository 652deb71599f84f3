package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limpid.caller.CallerCommand.Result;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Docker's default bridge: containers on it, beside it, and what publishes their ports. */
final class DockerNetworkIT extends DockerNetworkCaller {
  private static final String BRIDGE = "bridge";
  private static final int REQUESTS = 1000;
  private static final int BULK = 32 << 20;
  private static final Pattern COUNTERS =
      Pattern.compile("([0-9.]+)([kMG]?)B / ([0-9.]+)([kMG]?)B");

  @BeforeAll
  static void startContainers() throws InterruptedException {
    share(answering("web", "-p", "8080:80", "-p", PORT + ":" + PORT + "/udp"));
    share(answering("other"));
    share(plain("plain"));
    in("web", "nginx").ok();
  }

  @Test
  void theInterfaceIsAsDockerHasMadeIt() {
    String address =
        in("web", "ip", "-o", "-4", "address", "show", "dev", "eth0").ok().split(" +", 5)[3];
    assertEquals(
        address("web", BRIDGE) + "/" + endpoint("web", BRIDGE, "IPPrefixLen"), address, "address");
    assertEquals(
        endpoint("web", BRIDGE, "MacAddress"),
        in("web", "cat", "/sys/class/net/eth0/address").ok());
    assertEquals("1500", in("web", "cat", "/sys/class/net/eth0/mtu").ok());
    assertEquals("eth0\nlo", in("web", "ls", "/sys/class/net").ok());
    String route = in("web", "ip", "route", "show", "default").ok();
    assertTrue(
        route.startsWith("default via " + endpoint("web", BRIDGE, "Gateway") + " dev eth0"), route);
  }

  @ParameterizedTest
  @CsvSource({"web, plain", "plain, web", "web, other", "other, web"})
  void containersReachEachOther(String from, String to) {
    assertPings(from, address(to, BRIDGE));
    assertTalks(from, address(to, BRIDGE));
  }

  @Test
  void theGatewayAnswersAndReachesTheContainer() {
    assertPings("web", endpoint("web", BRIDGE, "Gateway"));
    beside("ping", "-n", "-c", "1", "-W", "10", address("web", BRIDGE)).ok();
  }

  @Test
  void whatIsOutsideOfTheBridgeIsReachedAndSeesTheHostsAddress() {
    assertPings("web", OutsideWorld.FAR);
    String[] peer = {"/scripts/network-peer", "ask", OutsideWorld.FAR, OutsideWorld.PORT, "word"};
    assertEquals(OutsideWorld.NEAR + " word", in("web", peer).ok());
    assertEcho(
        in(
            "web",
            "/scripts/network-peer",
            "echo",
            OutsideWorld.FAR,
            OutsideWorld.PORT,
            Integer.toString(1 << 20)),
        1 << 20);
  }

  /** By docker-proxy, which is asked at the loopback, and by the kernel. */
  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", OutsideWorld.NEAR})
  void thousandRequestsToAPublishedPortAreAnswered(String address) {
    String[] load = {
      "ab", "-q", "-n", Integer.toString(REQUESTS), "-c", "4", "http://" + address + ":8080/"
    };
    String report = (address.startsWith("127.") ? beside(load) : outside.run(load)).ok();
    assertTrue(Pattern.compile("Complete requests: +" + REQUESTS).matcher(report).find(), report);
    assertTrue(Pattern.compile("Failed requests: +0\\b").matcher(report).find(), report);
    assertTrue(!report.contains("Non-2xx"), report);
  }

  @Test
  void datagramsToAPublishedPortAreAnswered() {
    String peer = CallerCommand.script("network-peer");
    String near = beside(peer, "ask", "127.0.0.1", PORT, "word").ok();
    assertTrue(near.endsWith(" word"), near);
    String far = outside.run(peer, "ask", OutsideWorld.NEAR, PORT, "word").ok();
    assertEquals(OutsideWorld.FAR + " word", far);
  }

  @ParameterizedTest
  @CsvSource({"web, plain", "plain, web"})
  void manyBytesComeBackAsTheyWere(String from, String to) {
    String size = Integer.toString(BULK);
    assertEcho(in(from, "/scripts/network-peer", "echo", address(to, BRIDGE), PORT, size), BULK);
  }

  @Test
  void trafficIsCounted() {
    double before = transferred("other");
    assertEcho(
        in("plain", "/scripts/network-peer", "echo", address("other", BRIDGE), PORT, "8000000"),
        8_000_000);
    double after = transferred("other");
    // Docker tells three digits, which are 100 kB of what has passed here by now.
    assertTrue(after >= before + 7_500_000, () -> before + " bytes, then " + after);
  }

  /** How many bytes Docker says that a container has received, or sent if that is less. */
  private static double transferred(String container) {
    String text = docker.run("stats", "--no-stream", "--format", "{{.NetIO}}", container).ok();
    Matcher matcher = COUNTERS.matcher(text);
    assertTrue(matcher.matches(), text);
    return Math.min(
        bytes(matcher.group(1), matcher.group(2)), bytes(matcher.group(3), matcher.group(4)));
  }

  private static double bytes(String number, String unit) {
    return Double.parseDouble(number) * Math.pow(1000, List.of("", "k", "M", "G").indexOf(unit));
  }

  @Test
  void requestsToRedisAreAnswered() {
    in("other", "redis-server", "--daemonize", "yes", "--protected-mode", "no").ok();
    String[] load = {
      "redis-benchmark",
      "-h",
      address("other", BRIDGE),
      "-n",
      "10000",
      "-c",
      "10",
      "-t",
      "set,get",
      "--csv"
    };
    String report = in("plain", load).ok();
    assertTrue(report.contains("\"SET\",") && report.contains("\"GET\","), report);
    // It goes on after errors, which it writes.
    assertTrue(!report.toLowerCase(Locale.ROOT).contains("error"), report);
    String written =
        in("plain", "redis-cli", "-h", address("other", BRIDGE), "info", "commandstats").ok();
    for (String command : List.of("set", "get")) {
      assertTrue(
          Pattern.compile("cmdstat_" + command + ":calls=10000,.*failed_calls=0")
              .matcher(written)
              .find(),
          written);
    }
  }

  @Test
  void aContainerThatIsStartedAgainIsReachedAgain() throws InterruptedException {
    answering("again");
    assertTalks("plain", address("again", BRIDGE));
    docker.run("restart", "-t", "0", "again").ok();
    awaitLog("again", "ready\nready");
    assertTalks("plain", address("again", BRIDGE));
    assertPings("again", OutsideWorld.FAR);
  }

  @Test
  void anotherContainersNetworkIsShared() {
    List<String> joined = List.of("--network", "container:web");
    String look = "ip -o address show dev eth0; ip route";
    assertEquals(in("web", "sh", "-c", look).ok(), once(joined, "sh", "-c", look).ok());
    String ask = "/scripts/network-peer ask ";
    assertEquals(
        "127.0.0.1 word\n" + OutsideWorld.NEAR + " word",
        once(
                joined,
                "sh",
                "-c",
                ask
                    + "127.0.0.1 "
                    + PORT
                    + " word && "
                    + ask
                    + OutsideWorld.FAR
                    + " "
                    + OutsideWorld.PORT
                    + " word")
            .ok());
  }

  @Test
  void aContainerWithoutANetworkReachesNothing() {
    String look =
        "ls /sys/class/net; ip route; ping -n -c 1 -W 1 "
            + OutsideWorld.FAR
            + " >/dev/null 2>&1 || echo unreachable";
    assertEquals("lo\nunreachable", once(List.of("--network", "none"), "sh", "-c", look).ok());
  }

  @Test
  void theHostsNetworkIsRefusedBeforeAnythingIsStarted() {
    assumeTrue(TestedRuntime.isLimpid(), "any other runtime has the host's");
    String look = "ip -o link; tc qdisc show";
    String before = beside("sh", "-c", look).ok();
    Result result = once(List.of("--network", "host"), "true");
    assertNotEquals(0, result.status(), result.toString());
    assertTrue(result.err().contains(".path: is the host's network namespace"), result.toString());
    assertEquals(before, beside("sh", "-c", look).ok());
  }
}
