package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kinds of Docker's networks, and containers that come to networks and leave them. */
final class DockerNetworksIT extends DockerNetworkCaller {
  private static final String LINKS = "ls /sys/class/net | tr '\\n' ' '";

  @BeforeAll
  static void makeNetworks() throws InterruptedException {
    docker.run("network", "create", "--subnet", "172.31.1.0/24", "first").ok();
    docker.run("network", "create", "--subnet", "172.31.2.0/24", "second").ok();
    docker.run("network", "create", "--internal", "--subnet", "172.31.3.0/24", "inner").ok();
    docker
        .run(
            "network",
            "create",
            "--ipv6",
            "--subnet",
            "fd00:7:7::/64",
            "--subnet",
            "172.31.6.0/24",
            "six")
        .ok();
    share(plain("plain", "--network", "first"));
    docker.run("network", "connect", "second", "plain").ok();
    docker.run("network", "connect", "inner", "plain").ok();
    docker.run("network", "connect", "six", "plain").ok();
  }

  @ParameterizedTest
  @CsvSource({"1400", "9000"})
  void packetsAreAsLargeAsTheNetworkAllows(int mtu) throws InterruptedException {
    String network = "mtu" + mtu;
    docker.run("network", "create", "-o", "com.docker.network.driver.mtu=" + mtu, network).ok();
    answering("one", "--network", network);
    docker.run("network", "connect", network, "plain").ok();
    assertEquals(Integer.toString(mtu), in("one", "cat", "/sys/class/net/eth0/mtu").ok());
    String address = address("plain", network);
    // What is not of the data: 20 bytes of IP's header, 8 of ICMP's.
    int most = mtu - 28;
    in("one", "ping", "-n", "-M", "do", "-c", "1", "-W", "10", "-s", "" + most, address).ok();
    String tooLarge =
        in("one", "ping", "-n", "-M", "do", "-c", "1", "-W", "1", "-s", "" + (most + 1), address)
            .toString();
    assertTrue(tooLarge.contains("message too long, mtu=" + mtu), tooLarge);
    assertTalks("one", address);
    assertTalks("plain", address("one", network));
    docker.run("network", "disconnect", network, "plain").ok();
    docker.run("rm", "-f", "one").ok();
    docker.run("network", "rm", network).ok();
  }

  @Test
  void addressesOfVersionSixAreThereAtTheFirstInstruction() {
    String text =
        once(List.of("--network", "six"), "ip", "-6", "-o", "address", "show", "dev", "eth0").ok();
    String address =
        text.lines().filter(line -> line.contains(" fd00:7:7::")).findFirst().orElse("");
    assertTrue(address.contains("/64 "), text);
    assertFalse(address.contains("tentative"), text);
  }

  @Test
  void versionSixReachesNeighboursAndTheWorld() throws InterruptedException {
    answering("one", "--network", "six");
    String own = endpoint("one", "six", "GlobalIPv6Address");
    String plain = endpoint("plain", "six", "GlobalIPv6Address");
    assertPings("one", plain);
    assertPings("plain", own);
    assertTalks("one", plain);
    assertTalks("plain", own);
    assertPings("one", OutsideWorld.FAR_6);
    outside.run("ping", "-n", "-c", "1", "-W", "10", own).ok();
    assertEquals(
        own + " word",
        in("one", "/scripts/network-peer", "ask", OutsideWorld.FAR_6, OutsideWorld.PORT, "word")
            .ok());
    String found = in("one", "getent", "ahostsv6", "plain").ok();
    assertEquals(plain, found.split(" ", 2)[0]);
    docker.run("rm", "-f", "one").ok();
  }

  @Test
  void anInternalNetworkHasNoWayOut() throws InterruptedException {
    answering("one", "--network", "inner");
    assertTalks("one", "plain");
    assertTalks("plain", "one");
    assertDoesNotPing("one", OutsideWorld.FAR);
    assertDoesNotPing("one", address("plain", "first"));
    docker.run("rm", "-f", "one").ok();
  }

  @Test
  void aContainerIsInTwoNetworksFromItsBeginning() {
    docker
        .run(
            "create",
            "--runtime",
            "limpid",
            "--name",
            "one",
            "--network",
            "first",
            "debian",
            "sh",
            "-c",
            LINKS + "; echo; ip -o -4 address; ip route; exec sleep 1000")
        .ok();
    docker.run("network", "connect", "second", "one").ok();
    docker.run("start", "one").ok();
    for (String network : List.of("first", "second")) {
      String address = address("one", network);
      String addresses = in("one", "ip", "-o", "-4", "address").ok();
      assertTrue(addresses.contains(" inet " + address + "/24 "), addresses);
      assertPings("one", address("plain", network));
      assertPings("plain", address);
    }
    String logged = docker.run("logs", "one").ok();
    assertEquals("eth0 eth1 lo ", logged.lines().findFirst().orElse(""));
    assertTrue(logged.contains(" inet " + address("one", "first") + "/24 "), logged);
    assertTrue(logged.contains(" inet " + address("one", "second") + "/24 "), logged);
    assertTrue(logged.contains("default via 172.31.1.1 dev eth0"), logged);
  }

  @Test
  void aRunningContainerComesToNetworksAndLeavesThem() throws InterruptedException {
    answering("one", "--network", "first");
    for (int round = 0; round < 2; round++) {
      docker.run("network", "connect", "second", "one").ok();
      String link = awaitLink("one", "second");
      awaitIn("up", "one", "cat", "/sys/class/net/" + link + "/operstate");
      assertEquals("eth0 " + link + " lo", in("one", "sh", "-c", LINKS).ok());
      assertTalks("one", address("plain", "second"));
      assertTalks("plain", address("one", "second"));

      docker.run("network", "disconnect", "second", "one").ok();
      awaitIn("eth0 lo", "one", "sh", "-c", LINKS);
      assertTalks("one", address("plain", "first"));
      assertTalks("plain", address("one", "first"));
      assertDoesNotPing("one", address("plain", "second"));
    }
  }

  /**
   * Waits until a container has its address in a network, on a link with the hardware address that
   * Docker knows; tells that link's name, which is of Docker's choice.
   */
  private static String awaitLink(String container, String network) throws InterruptedException {
    String find =
        "ip -o -4 address | awk '$4 ~ \"^" + address(container, network) + "/\" { print $2 }'";
    String mac = endpoint(container, network, "MacAddress");
    awaitIn(mac, container, "sh", "-c", "cat /sys/class/net/$(" + find + ")/address || true");
    return in(container, "sh", "-c", find).ok();
  }

  @Test
  void theOnlyNetworkGoesAndAnotherComes() throws InterruptedException {
    answering("one", "--network", "first");
    docker.run("network", "disconnect", "first", "one").ok();
    awaitIn("lo", "one", "sh", "-c", LINKS);
    docker.run("network", "connect", "second", "one").ok();
    String link = awaitLink("one", "second");
    awaitIn("default via 172.31.2.1 dev " + link, "one", "ip", "route", "show", "default");
    assertTalks("one", "plain");
    assertPings("one", OutsideWorld.FAR);
  }

  /**
   * On the default bridge there are no names; Docker writes anew what says where they are found.
   */
  @Test
  void filesOfNamesFollowTheNetworksOfARunningContainer() throws InterruptedException {
    answering("one", "--dns", OutsideWorld.FAR);
    String servers = "grep ^nameserver /etc/resolv.conf";
    assertEquals("nameserver " + OutsideWorld.FAR, in("one", "sh", "-c", servers).ok());

    docker.run("network", "connect", "first", "one").ok();
    awaitIn("nameserver 127.0.0.11", "one", "sh", "-c", servers);
    String listed = "grep -c '^" + address("one", "first") + "\t' /etc/hosts || true";
    awaitIn("1", "one", "sh", "-c", listed);
    awaitIn(
        address("plain", "first"),
        "one",
        "sh",
        "-c",
        "getent ahostsv4 plain | awk 'NR == 1 { print $1 }'");
    assertTalks("one", "plain");

    docker.run("network", "disconnect", "first", "one").ok();
    awaitIn("0", "one", "sh", "-c", listed);
  }
}
