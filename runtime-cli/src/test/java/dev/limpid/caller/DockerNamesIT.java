package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names in Docker's user-defined networks: of containers, and of what is outside. */
final class DockerNamesIT extends DockerNetworkCaller {
  private static final String NETWORK = "names";
  private static final String ADDRESS = "172.31.7.77";
  private static final String MAC = "02:42:ac:1f:07:99";

  @BeforeAll
  static void startContainers() throws InterruptedException {
    docker.run("network", "create", "--subnet", "172.31.7.0/24", NETWORK).ok();
    share(
        answering(
            "one",
            "--network",
            NETWORK,
            "--ip",
            ADDRESS,
            "--network-alias",
            "uno",
            "--add-host",
            "added:" + OutsideWorld.FAR,
            "--dns",
            OutsideWorld.FAR));
    share(answering("two", "--network", NETWORK, "--dns", OutsideWorld.FAR));
    share(plain("plain", "--network", NETWORK));
  }

  /** The answer of a DNS server to a question, line by line. */
  private static String dig(String container, String... question) {
    List<String> all = new ArrayList<>(List.of("dig", "+short", "+time=10", "+tries=2", "+search"));
    all.addAll(List.of(question));
    return in(container, all.toArray(new String[0])).ok();
  }

  @Test
  void addressesAreThoseAskedFor() {
    String address = "172.31.7.78";
    // A newer client, which may come first, does not tell a hardware address to Debian's daemon.
    new CallerCommand(List.of("/usr/bin/docker"), environment())
        .run(
            "run",
            "-d",
            "--name",
            "addressed",
            "--runtime",
            "limpid",
            "--network",
            NETWORK,
            "--ip",
            address,
            "--mac-address",
            MAC,
            "debian",
            "sleep",
            "1000")
        .ok();
    String link = in("addressed", "ip", "-o", "address", "show", "dev", "eth0").ok();
    assertTrue(link.contains(" inet " + address + "/24 "), link);
    assertEquals(MAC, in("addressed", "cat", "/sys/class/net/eth0/address").ok());
    assertPings("plain", address);
    String neighbour = in("plain", "ip", "neighbour", "show", address).ok();
    assertTrue(neighbour.contains(" lladdr " + MAC + " "), neighbour);
  }

  @ParameterizedTest
  @CsvSource({
    "one, two",
    "two, one",
    "two, uno",
    "one, plain",
    "plain, one",
    "plain, uno",
    "plain, two"
  })
  void containersFindEachOtherByName(String from, String to) {
    String expected = address(to.equals("uno") ? "one" : to, NETWORK);
    assertEquals(expected, in(from, "getent", "ahostsv4", to).ok().split(" ", 2)[0]);
    assertPings(from, to);
    assertTalks(from, to);
  }

  @Test
  void addressesAreFoundBackwards() {
    assertEquals("two." + NETWORK + ".", dig("one", "-x", address("two", NETWORK)));
  }

  @Test
  void hostsThatAreAddedAreFound() {
    assertEquals(OutsideWorld.FAR, in("one", "getent", "hosts", "added").ok().split(" ", 2)[0]);
    assertPings("one", "added");
  }

  @Test
  void resolverIsDockers() {
    String text = in("one", "cat", "/etc/resolv.conf").ok();
    assertTrue(text.lines().anyMatch("nameserver 127.0.0.11"::equals), text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"+notcp", "+tcp"})
  void namesAreAnsweredByBothProtocols(String protocol) {
    assertEquals(address("two", NETWORK), dig("one", protocol, "@127.0.0.11", "two"));
    assertEquals(OutsideWorld.NAMED, dig("one", protocol, "@127.0.0.11", "www.test"));
  }

  @Test
  void namesOfTheWorldAreForwarded() {
    assertEquals(
        OutsideWorld.NAMED, in("one", "getent", "ahostsv4", "www.test").ok().split(" ", 2)[0]);
    String unknown = in("one", "dig", "+time=10", "www.unknown").ok();
    assertTrue(unknown.contains("status: NXDOMAIN"), unknown);
  }

  @Test
  void anAnswerTooLargeForADatagramComesByTcp() {
    String text = dig("one", "big.test", "TXT");
    assertEquals(20, text.lines().count(), text);
    for (int i = 0; i < 20; i++) {
      String expected = "\"" + Character.toString('a' + i).repeat(200) + "\"";
      assertTrue(text.lines().anyMatch(expected::equals), text);
    }
    String truncated = in("one", "dig", "+time=10", "+notcp", "+ignore", "big.test", "TXT").ok();
    assertTrue(truncated.contains("flags: qr aa tc "), truncated);
  }

  @Test
  void manyQuestionsAtOnceAreAnswered() {
    String questions =
        "i=0; while [ $i -lt 200 ]; do echo host$i.test; i=$((i+1)); done > /tmp/questions;"
            + " dig +short +time=10 -f /tmp/questions & dig +short +time=10 -f /tmp/questions & wait";
    String answers = in("two", "sh", "-c", questions).ok();
    assertEquals(400, answers.lines().filter(OutsideWorld.NAMED::equals).count(), answers);
  }

  @Test
  void aContainersOwnServerTakesThePortOfNames() throws InterruptedException {
    docker
        .run("exec", "-d", "two", "sh", "-c", "/scripts/network-peer dns 203.0.113.53 > /tmp/dns")
        .ok();
    awaitIn("ready", "two", "sh", "-c", "cat /tmp/dns 2>/dev/null || true");
    for (String protocol : List.of("+notcp", "+tcp")) {
      String own = address("two", NETWORK);
      assertEquals("203.0.113.53", dig("one", protocol, "@" + own, "own.test"), protocol);
      assertEquals("203.0.113.53", dig("plain", protocol, "@" + own, "own.test"), protocol);
      assertEquals("203.0.113.53", dig("two", protocol, "@127.0.0.1", "own.test"), protocol);
      assertEquals(ADDRESS, dig("two", protocol, "@127.0.0.11", "one"), protocol);
      assertEquals(OutsideWorld.NAMED, dig("two", protocol, "@127.0.0.11", "own.test"), protocol);
    }
  }

  @Test
  void aNameGoesAndComesWithItsContainer() throws InterruptedException {
    assertEquals(2, in("one", "getent", "hosts", "late").status());
    answering("late", "--network", NETWORK);
    assertTalks("one", "late");
    assertTalks("late", "one");
    docker.run("rm", "-f", "late").ok();
    assertEquals(2, in("one", "getent", "hosts", "late").status());
  }
}
