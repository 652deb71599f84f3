package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.variant.Variant;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Containers that share a network with others, by passt, of which old versions lose the end of a
 * stream whose other direction was closed before. The host is a namespace of the test's own: the
 * runtime is started there.
 */
@VmOnly
final class UserNetworkIT extends Behaviour {
  private static final String PEER = DebianRootfs.SCRIPTS + "/network-peer";
  private static final String FAR = "10.9.1.1";
  private static final String FAR6 = "fd00:9:1::1";
  private static final String NEAR = "10.9.1.2";
  private static final String NEAR6 = "fd00:9:1::2";

  /** One that the far end does not have. */
  private static final String OTHER_PORT = "7001";

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
  void prepare() throws Exception {
    network = HandMadeNetwork.in(sandbox());
    id = sandbox().id();
    configure("\"userNetwork\": \"passt\", \"allow\": [\"dev.limpid.ports\"]");
  }

  private void configure(String more) throws Exception {
    Files.writeString(
        runtime().configuration(),
        Variant.of(
            "{\"layers\": \"" + sandbox().directory().resolve("layers") + "\", " + more + "}"));
  }

  /** A verb in the namespace that is the host's here. */
  private ProcessBuilder there(String... arguments) {
    List<String> all = new ArrayList<>(List.of("nsenter", "--net=" + network.path(), "--"));
    all.addAll(runtime().commandLine(arguments));
    return runtime().program(all);
  }

  private void start(Path bundle) throws Exception {
    // Its streams are the container's, which lives longer.
    Path output = sandbox().path("output");
    Process create =
        there("create", "--bundle", bundle.toString(), id)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertTrue(create.waitFor(120, TimeUnit.SECONDS), "create takes too long");
    assertEquals(0, create.exitValue(), () -> OciRuntime.text(output));
    runtime().toEnd(there("start", id)).succeeded();
  }

  private TestBundle bundle() throws Exception {
    return debian.in(sandbox().bundle()).script("exec sleep 1000000");
  }

  private Outcome exec(String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("exec", id));
    all.addAll(List.of(command));
    return runtime().toEnd(there(all.toArray(new String[0])));
  }

  private void assertReachesTheWorldAs(String far, String as) throws Exception {
    assertEquals(as + " word\n", exec(PEER, "ask", far, HandMadeNetwork.PORT, "word").out());
    assertPasses(() -> exec(PEER, "exchange", far, HandMadeNetwork.PORT, "3000000"), 3_000_000);
  }

  /** What comes from outside has a way to the port, and all of it comes back. */
  private void assertReached(String address) throws Exception {
    String peer = DebianRootfs.script("network-peer");
    assertPasses(() -> network.tryFar(peer, "exchange", address, OTHER_PORT, "1000000"), 1_000_000);
  }

  /** passt may give a connection up (docs/networking.md): so one of three is enough. */
  private static void assertPasses(Callable<Outcome> exchange, int bytes) throws Exception {
    Outcome outcome = exchange.call();
    for (int again = 0; again < 2 && outcome.status() != 0; again++) {
      System.out.println("given up: " + outcome);
      outcome = exchange.call();
    }
    assertTrue(outcome.succeeded().out().startsWith(bytes + " "), outcome::toString);
  }

  private boolean passtRuns() throws Exception {
    try (var all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        String line = OciRuntime.text(process.resolve("cmdline"));
        if (line.contains("passt") && line.contains(NEAR)) {
          return true;
        }
      }
    }
    return false;
  }

  private void assertNothingIsLeft(String before) throws Exception {
    runtime().toEnd(there("delete", "--force", id)).succeeded();
    Await.until("passt has ended", () -> !passtRuns());
    assertEquals(before, network.traces());
  }

  @Test
  void theHostsNetworkIsReachedAsTheHostReachesIt() throws Exception {
    network.serve();
    String before = network.traces();
    start(bundle().withoutNamespaces("network").write());

    assertTrue(passtRuns());
    assertReachesTheWorldAs(FAR, NEAR);
    assertReachesTheWorldAs(FAR6, NEAR6);
    // By another interface of the host, which the container does not see.
    assertReachesTheWorldAs("10.9.2.1", "10.9.2.2");
    assertEquals("eth0\nlo\n", exec("ls", "/sys/class/net").out());
    assertEquals("1400\n", exec("cat", "/sys/class/net/eth0/mtu").out());
    String addresses = exec("ip", "-o", "address", "show", "dev", "eth0").succeeded().out();
    assertTrue(addresses.contains("inet " + NEAR + "/24"), addresses);
    assertTrue(addresses.contains("inet6 " + NEAR6 + "/64"), addresses);
    // Nobody answers names there.
    exec("bash", "-c", "exec 3<>/dev/tcp/127.0.0.11/53").exited(1);
    // And nobody listens for it.
    network.runFar("! bash -c 'exec 3<>/dev/tcp/" + NEAR + "/" + OTHER_PORT + "' 2>/dev/null");
    assertEquals(before, network.traces(), "nothing of the host is changed");
    assertNothingIsLeft(before);
  }

  @Test
  void aPortThatIsListedLeadsToTheContainer() throws Exception {
    String before = network.traces();
    start(
        bundle()
            .withoutNamespaces("network")
            .annotation("dev.limpid.ports", OTHER_PORT + "," + OTHER_PORT + "/udp")
            .write());
    Process server = sandbox().start(there("exec", id, PEER, "serve", OTHER_PORT));
    try (BufferedReader output = server.inputReader()) {
      assertEquals("ready", output.readLine());
      String peer = DebianRootfs.script("network-peer");
      for (String address : List.of(NEAR, NEAR6)) {
        assertReached(address);
        String answer = network.runFar(peer + " ask " + address + " " + OTHER_PORT + " word");
        assertTrue(answer.endsWith(" word\n"), answer);
      }
    }
    assertNothingIsLeft(before);
  }

  @Test
  void anOrdinaryContainersNetworkIsUsedBesideIt() throws Exception {
    network.serve();
    Process container =
        sandbox()
            .start(
                new ProcessBuilder(
                    "nsenter",
                    "--net=" + network.path(),
                    "--",
                    "unshare",
                    "--pid",
                    "--fork",
                    "--kill-child",
                    DebianRootfs.script("network-peer"),
                    "serve",
                    OTHER_PORT));
    try (BufferedReader output = container.inputReader()) {
      assertEquals("ready", output.readLine());
      String before = network.traces();
      long pid = container.toHandle().children().findFirst().orElseThrow().pid();
      Path bundle = bundle().joining("network", "/proc/" + pid + "/ns/net").write();
      runtime().createAndStart(id, bundle);

      assertEquals(
          NEAR + " word\n",
          runtime()
              .call("exec", id, PEER, "ask", FAR, HandMadeNetwork.PORT, "word")
              .succeeded()
              .out());
      assertReached(NEAR);
      assertEquals(before, network.traces(), "nothing of it is changed");
      assertNothingIsLeft(before);
      assertTrue(container.isAlive());
    }
  }

  @Test
  void anOrdinaryContainersNetworkIsRefusedUnlessThatIsConfigured() throws Exception {
    configure("\"userNetwork\": \"refuse\"");
    Process container =
        sandbox()
            .start(
                new ProcessBuilder(
                    "nsenter",
                    "--net=" + network.path(),
                    "--",
                    "unshare",
                    "--pid",
                    "--fork",
                    "--kill-child",
                    "sh",
                    "-c",
                    "echo ready; exec sleep 1000"));
    try (BufferedReader output = container.inputReader()) {
      assertEquals("ready", output.readLine());
      runtime()
          .refuses(
              ".path: is the network namespace of another container",
              "create",
              "--bundle",
              bundle().joining("network", network.path()).write().toString(),
              id);
    }
  }

  @Test
  void aNetworkThatLeadsNowhereHasALoopbackOnly() throws Exception {
    network.run("ip link set eth0 down", "ip link set data0 down");
    start(bundle().withoutNamespaces("network").write());

    assertEquals("lo\n", exec("ls", "/sys/class/net").out());
    runtime().toEnd(there("delete", "--force", id)).succeeded();
  }

  @Test
  void portsOfANetworkOfItsOwnAreItsOwnAnyway() throws Exception {
    runtime()
        .refuses(
            "annotations[\"dev.limpid.ports\"]: the container has a network of its own",
            "create",
            "--bundle",
            bundle()
                .joining("network", network.path())
                .annotation("dev.limpid.ports", "80")
                .write()
                .toString(),
            id);
  }

  @Test
  void aPortThatIsTakenIsAnError() throws Exception {
    Process server =
        sandbox()
            .start(
                new ProcessBuilder(
                    "nsenter",
                    "--net=" + network.path(),
                    "--",
                    DebianRootfs.script("network-peer"),
                    "serve",
                    OTHER_PORT));
    try (BufferedReader output = server.inputReader()) {
      assertEquals("ready", output.readLine());
      Path bundle =
          bundle().withoutNamespaces("network").annotation("dev.limpid.ports", OTHER_PORT).write();
      Outcome outcome =
          runtime().toEnd(there("create", "--bundle", bundle.toString(), id)).exited(1);
      assertTrue(outcome.err().contains("passt"), outcome::toString);
    }
  }
}
