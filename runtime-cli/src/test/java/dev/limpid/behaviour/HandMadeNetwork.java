package dev.limpid.behaviour;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Two network namespaces of a test's own, joined by two cables: that of a container, and the far
 * end of its links. Both are gone when the sandbox is closed.
 */
final class HandMadeNetwork {
  /** The two links: their name, MTU in bytes, and number, which is in their addresses. */
  static final List<Link> LINKS = List.of(new Link("eth0", 1400, 1), new Link("data0", 9000, 2));

  /** Where the far end answers by TCP and UDP. */
  static final String PORT = "7000";

  private final Sandbox sandbox;
  private final Path container;
  private final Path far;

  /** A link of the container's, whose far end is named as it is, with {@code far-} before it. */
  record Link(String name, int mtu, int number) {
    String address() {
      return "10.9." + number + ".2";
    }

    String address6() {
      return "fd00:9:" + number + "::2";
    }

    String farAddress() {
      return "10.9." + number + ".1";
    }

    String farAddress6() {
      return "fd00:9:" + number + "::1";
    }

    String mac() {
      return "02:00:00:00:09:0" + number;
    }
  }

  private HandMadeNetwork(Sandbox sandbox, Path container, Path far) {
    this.sandbox = sandbox;
    this.container = container;
    this.far = far;
  }

  static HandMadeNetwork in(Sandbox sandbox) throws Exception {
    HandMadeNetwork network =
        new HandMadeNetwork(sandbox, namespace(sandbox, "net"), namespace(sandbox, "far"));
    String[] beginning = {
      "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad", "ip link set lo up"
    };
    network.run(beginning);
    network.runFar(beginning);
    for (Link link : LINKS) {
      network.add(link);
    }
    network.run(
        "ip route add default via 10.9.1.1", "ip -6 route add default via fd00:9:1::1 dev eth0");
    return network;
  }

  private static Path namespace(Sandbox sandbox, String name) throws Exception {
    Path file = Files.createFile(sandbox.path(name));
    sandbox.hostCommand(
        List.of("unshare", "--net=" + file, "true"), List.of("umount", file.toString()));
    return file;
  }

  /** Lays a cable. */
  void add(Link link) throws Exception {
    String name = link.name();
    int mtu = link.mtu();
    run(
        String.format(
            "ip link add %s mtu %d address %s type veth peer name far-%s mtu %d netns %s",
            name, mtu, link.mac(), name, mtu, far));
    runFar(
        "ip address add " + link.farAddress() + "/24 dev far-" + name,
        "ip address add " + link.farAddress6() + "/64 dev far-" + name + " nodad",
        "ip link set far-" + name + " up");
    run(
        "ip address add " + link.address() + "/24 brd + dev " + name,
        "ip address add " + link.address6() + "/64 dev " + name + " nodad",
        "ip link set " + name + " up");
    String own = "ip -6 address show scope link dev ";
    Await.until("the link has its own address", () -> isSettled(run(own + name)));
    Await.until("the far one has its own address", () -> isSettled(runFar(own + "far-" + name)));
  }

  /** Lays a cable that ends outside, with a macvlan on that end for the container. */
  void addMacvlan(String name, String address, String address6) throws Exception {
    runFar(
        "ip link add base-" + name + " type veth peer name far-" + name,
        "ip link set base-" + name + " up",
        "ip link set far-" + name + " up",
        String.format(
            "ip link add link base-%s name %s netns %s type macvlan mode bridge",
            name, name, container));
    run(
        "ip address add " + address + " dev " + name,
        "ip address add " + address6 + " dev " + name + " nodad",
        "ip link set " + name + " up");
  }

  private static boolean isSettled(String addresses) {
    return addresses.contains("inet6 fe80:") && !addresses.contains("tentative");
  }

  /** The path of the container's namespace. */
  String path() {
    return container.toString();
  }

  /** Runs a script of the host's in the container's namespace, and tells what it prints. */
  String run(String... lines) throws Exception {
    return inside(container, lines);
  }

  /** The same at the far end. */
  String runFar(String... lines) throws Exception {
    return inside(far, lines);
  }

  /** Runs a program of the host's at the far end, and tells how it went. */
  Outcome tryFar(String... command) throws Exception {
    return sandbox.runtime().toEnd(new ProcessBuilder(command(far, command)));
  }

  private String inside(Path namespace, String... lines) throws Exception {
    return sandbox
        .runtime()
        .toEnd(new ProcessBuilder(command(namespace, "sh", "-ec", String.join("\n", lines))))
        .succeeded()
        .out();
  }

  private static List<String> command(Path namespace, String... command) {
    List<String> all = new ArrayList<>(List.of("nsenter", "--net=" + namespace, "--"));
    all.addAll(List.of(command));
    return all;
  }

  /** Has the far end answer, until the sandbox is closed. */
  void serve() throws Exception {
    startFar(DebianRootfs.script("network-peer"), "serve", PORT);
  }

  /**
   * Starts a program of the host's at the far end, until the sandbox is closed.
   *
   * @return what it prints after it has said that it is ready
   */
  BufferedReader startFar(String... command) throws Exception {
    Process program =
        sandbox.start(
            new ProcessBuilder(command(far, command))
                .redirectError(ProcessBuilder.Redirect.INHERIT));
    BufferedReader output = program.inputReader();
    Await.until("the far end is ready", () -> "ready".equals(output.readLine()));
    return output;
  }

  /** Everything that could be left in the two namespaces. */
  String traces() throws Exception {
    String look =
        """
        ip -o link; ip -o address
        ip route show table all; ip -6 route show table all
        ip rule; ip -6 rule; ip neighbour show nud permanent; tc qdisc show
        for link in $(ip -o link | sed 's/^[0-9]*: //; s/[@:].*//'); do
          tc filter show dev $link || true
          tc filter show dev $link ingress || true
        done 2>/dev/null
        iptables-save | sed '/^#/d; s/[[].*]//'
        """;
    return run(look) + runFar(look);
  }
}
