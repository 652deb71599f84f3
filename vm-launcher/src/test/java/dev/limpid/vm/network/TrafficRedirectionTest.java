package dev.limpid.vm.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limpid.vm.device.TapInterface;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Taps and filters in a network namespace of the test's own. */
@Timeout(60)
class TrafficRedirectionTest {
  private static final TapInterface TAP = new TapInterface(1);

  private static final String MARK = "limpid-11111111-2222-3333-4444-555555555555";

  private RealNamespace real;
  private NetworkNamespace namespace;

  @BeforeEach
  void makeNamespace() throws Exception {
    assumeTrue(RealNamespace.isPossible());
    real = RealNamespace.open();
    namespace = real.namespace();
    // Its addresses come when they like.
    real.set("net/ipv6/conf/default/disable_ipv6", "1");
    ip("link add eth0 mtu 1400 type veth peer name other");
    ip("addr add 10.1.2.3/24 dev eth0");
    ip("link set eth0 up");
    ip("link set other up");
    while (!run("ip", "-br", "link", "show").matches("(?s).*@eth0 +UP.*@other +UP.*")) {
      Thread.sleep(10);
    }
  }

  @AfterEach
  void endNamespace() throws Exception {
    real.close();
  }

  @Test
  void leavesTheNamespaceAsItWas() throws Exception {
    String before = everything();
    TrafficRedirection redirection = make(1);

    assertEquals(new TrafficRedirection("eth0", link().index(), 1, true, false), redirection);
    assertTrue(run("tc", "filter", "show", "dev", "eth0", "ingress").contains("to device limpid1"));
    assertTrue(run("tc", "filter", "show", "dev", "limpid1", "ingress").contains("device eth0"));
    String tap = run("ip", "-d", "link", "show", "dev", "limpid1");
    assertTrue(tap.contains("alias " + MARK) && tap.contains("vnet_hdr on"), tap);
    assertTrue(!tap.contains("multi_queue") && tap.contains("persist on"), tap);
    assertEquals(
        "",
        run("ip", "-br", "addr", "show", "dev", "limpid1").replaceAll("limpid1 +[A-Z]+ *\\R", ""));

    redirection.remove(namespace, Optional.of("eth0"));
    assertEquals(before, everything());
  }

  @Test
  void aTapCanHaveSeveralQueues() throws Exception {
    make(4);

    assertTrue(run("ip", "-d", "link", "show", "dev", "limpid1").contains("multi_queue"));
  }

  @Test
  void leavesWhatOthersHaveMade() throws Exception {
    run("tc", "qdisc", "add", "dev", "eth0", "clsact");
    run(
        "tc filter add dev eth0 ingress protocol ip pref 7 u32 match ip dport 9 0xffff"
            .concat(" action mirred egress redirect dev other")
            .split(" ", -1));
    String before = everything();

    TrafficRedirection redirection = make(1);
    assertFalse(redirection.madeQdisc());
    redirection.admitAnswers(namespace);
    assertTrue(run("tc", "filter", "show", "dev", "eth0", "ingress").contains("pref 49148"));

    redirection.remove(namespace, Optional.of("eth0"));
    assertEquals(before, everything());
  }

  @Test
  void takesBackWhatWasMadeInPart() throws Exception {
    String before = everything();
    TrafficRedirection redirection = plan("eth0");
    ip("tuntap add dev limpid1 mode tap");

    assertThrows(IOException.class, () -> redirection.make(namespace, MARK, 1));
    redirection.remove(namespace, Optional.of("eth0"));
    redirection.remove(namespace, Optional.of("eth0"));
    assertEquals(before, everything());
  }

  @Test
  void aLinkThatHasGoneLeavesATap() throws Exception {
    TrafficRedirection redirection = make(1);
    ip("link del eth0");

    redirection.remove(namespace, Optional.empty());
    assertFalse(run("ip", "link", "show").contains("limpid1"));
  }

  @Test
  void aMacvlanTakesAllMulticast() throws Exception {
    ip("link add mac0 link other type macvlan");
    String before = everything();

    TrafficRedirection redirection = plan("mac0");
    redirection.make(namespace, MARK, 1);
    assertTrue(run("ip", "link", "show", "dev", "mac0").contains("ALLMULTI"));

    redirection.remove(namespace, Optional.of("mac0"));
    assertEquals(before, everything());
  }

  /** A tap can't have all that a veth can, and the kernel has no IPv6 below 1280. */
  @ParameterizedTest
  @ValueSource(ints = {68, 1279, 65535})
  void aLinkCanHaveAnyMtu(int mtu) throws Exception {
    ip("link set eth0 mtu " + mtu);
    String before = everything();
    TrafficRedirection redirection = make(1);

    redirection.remove(namespace, Optional.of("eth0"));
    assertEquals(before, everything());
  }

  @Test
  void anotherFailureIsNotTakenForSomethingAbsent() throws Exception {
    // It can't be deleted, by nobody.
    ip("link set lo name limpid1");
    TrafficRedirection redirection = new TrafficRedirection("eth0", link().index(), 1, true, false);

    IOException failed =
        assertThrows(IOException.class, () -> redirection.remove(namespace, Optional.of("eth0")));
    assertTrue(failed.getMessage().contains("not supported"), failed::getMessage);
  }

  @Test
  void answersAreAdmittedOnceHoweverOftenItIsTried() throws Exception {
    TrafficRedirection redirection = make(1);
    redirection.admitAnswers(namespace);
    String once = filters();

    redirection.withholdAnswers(namespace);
    redirection.admitAnswers(namespace);
    assertEquals(once, filters());
  }

  @Test
  void answersNeedNotHaveBeenAdmitted() throws Exception {
    TrafficRedirection redirection = make(1);
    String before = filters();
    redirection.withholdAnswers(namespace);
    assertEquals(before, filters());
  }

  @Test
  void leavesTheQdiscOfOthersWithoutFilters() throws Exception {
    run("tc", "qdisc", "add", "dev", "eth0", "clsact");
    String before = everything();
    make(1).remove(namespace, Optional.of("eth0"));
    assertEquals(before, everything());
  }

  private String filters() throws IOException {
    // Actions and tables are numbered as they are made.
    return run("tc", "filter", "show", "dev", "eth0", "ingress")
        .replaceAll("index [0-9]+|80[0-9a-f]:?", "");
  }

  @Test
  void isNotWholeWithoutItsTap() throws Exception {
    TrafficRedirection redirection = make(1);
    assertTrue(isWhole(redirection));

    ip("link del limpid1");
    assertFalse(isWhole(redirection));
  }

  @Test
  void isNotWholeIfTheLinkHasBeenAway() throws Exception {
    TrafficRedirection redirection = make(1);
    try (RealNamespace elsewhere = RealNamespace.open()) {
      ip("link set eth0 netns " + elsewhere.pid());
      assertFalse(isWhole(redirection));
      elsewhere.ip("link set eth0 netns " + real.pid() + "\n");
    }
    assertEquals(redirection.linkIndex(), link().index());
    assertFalse(isWhole(redirection));
  }

  @Test
  void followsALinkThatIsRenamed() throws Exception {
    TrafficRedirection redirection = make(1);
    ip("link set eth0 down");
    ip("link set eth0 name inner");

    assertTrue(isWhole(redirection));
    assertEquals("inner", redirection.renamed(namespace.read().links()).link());
  }

  @Test
  void isReleasedIfTheTapHasItsMark() throws Exception {
    String before = everything();
    make(1).release(namespace, MARK, namespace.links());
    assertEquals(before, everything());
  }

  /** A path names another namespace by now, with a link of the same number and another VM. */
  @Test
  void anotherVmsTapAndFiltersAreLeftAlone() throws Exception {
    TrafficRedirection redirection = make(1);
    String before = everything();

    redirection.release(namespace, MARK.replace('1', '9'), namespace.links());
    assertEquals(before, everything());
  }

  @Test
  void whatOthersHaveMadeInANewNamespaceIsLeftAlone() throws Exception {
    run("tc", "qdisc", "add", "dev", "eth0", "ingress");
    String before = everything();

    new TrafficRedirection("eth0", link().index(), 1, true, true)
        .release(namespace, MARK, namespace.links());
    assertEquals(before, everything());
  }

  /** Its filter would drop all that arrives at the link. */
  @Test
  void isReleasedIfTheTapHasBeenRemoved() throws Exception {
    String before = everything();
    TrafficRedirection redirection = make(1);
    ip("link del limpid1");

    redirection.release(namespace, MARK, namespace.links());
    assertEquals(before, everything());
  }

  @Test
  void nothingIsRemovedFromANamespaceThatIsGone() {
    NetworkNamespace gone = new NetworkNamespace(Path.of("/proc/self/ns/none"));
    TrafficRedirection redirection = new TrafficRedirection("eth0", 2, 1, true, false);

    assertThrows(IOException.class, () -> redirection.remove(gone, Optional.empty()));
  }

  private TrafficRedirection make(int queues) throws IOException {
    TrafficRedirection redirection = plan("eth0");
    redirection.make(namespace, MARK, queues);
    return redirection;
  }

  private Link link() throws IOException {
    return link("eth0");
  }

  private TrafficRedirection plan(String link) throws IOException {
    return TrafficRedirection.plan(link(link), TrafficRedirection.filtered(namespace), TAP);
  }

  private boolean isWhole(TrafficRedirection redirection) throws IOException {
    return redirection.isWhole(namespace.read().links(), TrafficRedirection.filtered(namespace));
  }

  private Link link(String name) throws IOException {
    return namespace.read().links().stream()
        .filter(link -> link.name().equals(name))
        .findAny()
        .orElseThrow();
  }

  /** All that could have been changed. */
  private String everything() throws IOException {
    return run("ip", "addr", "show")
        + run("tc", "qdisc", "show")
        + run("tc", "filter", "show", "dev", "eth0", "ingress");
  }

  private void ip(String command) throws IOException {
    run(("ip " + command).split(" ", -1));
  }

  private String run(String... command) throws IOException {
    return namespace.run(List.of(command), Optional.empty());
  }
}
