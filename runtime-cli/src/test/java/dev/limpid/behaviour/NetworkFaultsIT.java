package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks that break, hosts that lack something, and what is left of a container's network. */
final class NetworkFaultsIT extends Behaviour {
  /** How often a container is made and deleted; more of them find rarer things. */
  private static final int ROUNDS = Integer.getInteger("limpid.network.rounds", 10);

  private static final String LINKS = "ls /sys/class/net | tr '\\n' ' '";

  private HandMadeNetwork network;
  private String id;
  private String before;
  private List<String> mounts;

  @BeforeEach
  void makeNetwork() throws Exception {
    network = HandMadeNetwork.in(sandbox());
    id = sandbox().id();
    before = network.traces();
    mounts = sandbox().mounts();
  }

  private TestBundle bundle(String... script) throws Exception {
    return sandbox()
        .bundle()
        .joining("network", network.path())
        .capabilities(List.of("bounding", "effective", "permitted", "inheritable"), "CAP_NET_RAW")
        .script(script);
  }

  private void start() throws Exception {
    runtime().createAndStart(id, bundle("exec sleep 1000000").write());
  }

  private String shell(String script) throws Exception {
    return runtime().call("exec", id, "sh", "-c", script).succeeded().out();
  }

  private void deleted() throws Exception {
    deleted(true);
  }

  /**
   * Deletes the container.
   *
   * @param unchanged whether nothing else has been changed in the networks
   */
  private void deleted(boolean unchanged) throws Exception {
    runtime().call("delete", "--force", id).succeeded();
    assertEquals(0, taps());
    if (unchanged) {
      assertNothingIsLeft();
    } else {
      assertNothingElseIsLeft();
    }
  }

  /** Fails unless all that is to be seen of the networks is as it was before the container. */
  private void assertNothingIsLeft() throws Exception {
    assertEquals(before, network.traces());
    assertNothingElseIsLeft();
  }

  private void assertNothingElseIsLeft() throws Exception {
    Await.until("no process is left", () -> sandbox().processes().isEmpty());
    assertEquals(mounts, sandbox().mounts());
    assertEquals(List.of(), Sandbox.entries(runtime().root()));
    assertEquals(
        "",
        runtime()
            .toEnd(new ProcessBuilder("find", "/sys/fs/cgroup", "-type", "d", "-name", id))
            .succeeded()
            .out());
  }

  @Test
  void nothingIsLeftHoweverOftenAContainerIsMade() throws Exception {
    Path directory = bundle("exec sleep 1000000").write();
    for (int round = 0; round < ROUNDS; round++) {
      runtime().create(id, directory);
      if (round % 2 == 0) {
        runtime().call("start", id).succeeded();
      }
      deleted();
    }
  }

  @Test
  void nothingIsLeftOfAContainerThatEnds() throws Exception {
    Path directory = bundle("ping -c 1 -W 10 10.9.1.1 > /dev/null").write();
    runtime().call("run", "--bundle", directory.toString(), id).succeeded();
    assertNothingIsLeft();
  }

  @Test
  void nothingIsLeftOfAContainerThatCannotBeMade() throws Exception {
    Path directory = bundle().args("/bin/no-such-program").write();
    runtime().call("create", "--bundle", directory.toString(), id).exited(1);
    assertNothingIsLeft();
  }

  @Test
  void nothingIsLeftOfAContainerThatIsKilled() throws Exception {
    start();
    long pid = runtime().state(id).required("pid").asInteger(1, Integer.MAX_VALUE);
    HostProcesses.kill(HostProcesses.of(pid));
    runtime().awaitStatus(id, "stopped");
    runtime().call("delete", id).succeeded();
    assertNothingIsLeft();
  }

  @Test
  @VmOnly
  void nothingIsLeftOfAVirtualMachineThatIsKilled() throws Exception {
    start();
    long pid = runtime().state(id).required("pid").asInteger(1, Integer.MAX_VALUE);
    HostProcesses.hypervisors(pid).forEach(HostProcesses::kill);
    runtime().awaitStatus(id, "stopped");
    runtime().call("delete", id).succeeded();
    assertNothingIsLeft();
  }

  @Test
  void aLinkThatIsRemovedVanishesFromARunningContainer() throws Exception {
    start();
    assertEquals("data0 eth0 lo ", shell(LINKS));
    network.run("ip link del eth0");
    Await.until("it is gone", () -> shell(LINKS).equals("data0 lo "));
    shell("ping -c 1 -W 10 10.9.2.1");
    runtime().call("delete", "--force", id).succeeded();
    assertEquals(
        before.lines().filter(NetworkFaultsIT::isOfAnother).toList(),
        network.traces().lines().filter(NetworkFaultsIT::isOfAnother).toList());
    assertNothingElseIsLeft();
  }

  /** Whether a line tells of nothing that a removed link took away. */
  private static boolean isOfAnother(String line) {
    return !line.contains("eth0") && !line.contains("10.9.1.") && !line.contains("fd00:9:1:");
  }

  @Test
  @VmOnly
  void theContainerOutlivesItsOwnEndOfALink() throws Exception {
    start();
    network.run("ip link del limpid1");
    assertEquals("still here\n", shell("echo still here"));
    // Links are taken in the order of their names or of their numbers: one of the two still works.
    shell("ping -c 1 -W 10 10.9.1.1 || ping -c 1 -W 10 10.9.2.1");
    deleted();
  }

  @Test
  void aLinkVanishesByTheNameThatItHasByThen() throws Exception {
    start();
    network.run("ip link set eth0 down", "ip link set eth0 name inner0");
    Await.until("it has its new name", () -> shell(LINKS).equals("data0 inner0 lo "));
    network.run("ip link del inner0");
    Await.until("it is gone", () -> shell(LINKS).equals("data0 lo "));
    Await.until("its tap is gone", () -> taps() <= 1);
  }

  /** It loses its addresses and its filters on the way. */
  @Test
  void aLinkThatHasBeenAwayWorksAgain() throws Exception {
    start();
    long pid = runtime().state(id).required("pid").asInteger(1, Integer.MAX_VALUE);
    // Whoever watches the namespace is to see it as it was, but for this.
    runtime().toEnd(new ProcessBuilder("kill", "-STOP", Long.toString(pid))).succeeded();
    network.run(
        // At the far end its number is taken, and it would come back as another link.
        "unshare --net sleep 60 > /dev/null 2>&1 & elsewhere=/proc/$!/ns/net",
        "while [ $elsewhere -ef /proc/self/ns/net ]; do :; done",
        "ip link set eth0 netns $elsewhere",
        "nsenter --net=$elsewhere ip link set eth0 netns " + network.path(),
        "kill $!",
        "ip address add 10.9.1.2/24 dev eth0; ip link set eth0 up");
    runtime().toEnd(new ProcessBuilder("kill", "-CONT", Long.toString(pid))).succeeded();
    shell("timeout 60 sh -c 'until ping -c 1 -W 1 10.9.1.1; do sleep 0.1; done'");
    deleted(false);
  }

  /** It has written down which link it is about to join, has joined it, and was killed then. */
  @Test
  @VmOnly
  void whatAVerbThatWasKilledHasJoinedIsJoinedOnce() throws Exception {
    runtime().create(id, bundle("exec sleep 1000000").write());
    Path directory = runtime().root().resolve(id);
    Path file = directory.resolve("network.json");
    JsonObject record = Json.object(Files.readString(file));
    JsonObject state = (JsonObject) record.get("state").orElseThrow();
    List<JsonValue> links =
        new ArrayList<>(((JsonArray) state.get("links").orElseThrow()).elements());
    assertTrue(links.removeIf(link -> link.toString().contains("eth0")), record::toString);
    record = record.with("state", state.with("links", new JsonArray(links)));
    Files.writeString(file, JsonWriter.compact().write(record));
    Files.delete(directory.resolve("network.glance"));

    runtime().call("start", id).succeeded();
    shell("ping -c 1 -W 10 10.9.1.1");
    assertEquals(2, taps());
    assertEquals(1, network.run("tc filter show dev eth0 ingress").split("mirred", -1).length - 1);
    deleted();
  }

  @Test
  @VmOnly
  void aNetworkOfWhichNothingIsKnownIsNoReasonToKeepAContainer() throws Exception {
    start();
    Files.writeString(runtime().root().resolve(id).resolve("network.json"), "{");
    runtime().call("kill", id, "KILL").succeeded();
    runtime().awaitStatus(id, "stopped");
    runtime().refuses("network.json", "delete", id);
    Outcome outcome = runtime().call("delete", "--force", id).succeeded();
    assertTrue(outcome.err().contains("network.json"), outcome::toString);
    assertNothingElseIsLeft();
  }

  @Test
  @VmOnly
  void moreThanTheGuestCanBeToldAtOnceIsToldInOneSentence() throws Exception {
    network.run(
        "i=0; while [ $i -lt 8192 ]; do",
        "echo address add 10.8.$((i / 256)).$((i % 256))/32 dev eth0; i=$((i + 1)); done"
            + " | ip -batch -");
    before = network.traces();
    runtime()
        .refuses(
            "take more than 262144 bytes", "create", "--bundle", bundle().write().toString(), id);
    assertNothingIsLeft();
  }

  /** With a name server in the namespace, its processes send from ports that the guest leaves. */
  @Test
  @VmOnly
  void thePortsOfTheNamespaceArePutBack() throws Exception {
    String look = "cat /proc/sys/net/ipv4/ip_local_port_range";
    network.run("echo 20000 30000 > /proc/sys/net/ipv4/ip_local_port_range");
    String server =
        "import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
            + " s.bind(('127.0.0.11', 0)); print('ready', flush=True); time.sleep(1000)";
    String enter = "--net=" + network.path();
    Process process =
        sandbox().start(new ProcessBuilder("nsenter", enter, "--", "python3", "-c", server));
    try (var output = process.inputReader()) {
      assertEquals("ready", output.readLine());
      start();
      assertEquals("61440\t65535\n", network.run(look));
      deleted();
      assertEquals("20000\t30000\n", network.run(look));
    } finally {
      process.destroy();
    }
  }

  private long taps() throws Exception {
    return network.run("ip -br link").lines().filter(line -> line.startsWith("limpid")).count();
  }

  /** It has joined the link with a tap when it is killed, and the guest knows nothing of it. */
  @Test
  @VmOnly
  void whatAKilledRefreshHasLeftIsNotInTheWay() throws Exception {
    start();
    long pid = runtime().state(id).required("pid").asInteger(1, Integer.MAX_VALUE);
    FutureTask<Void> killing =
        new FutureTask<>(
            () -> {
              network.run(
                  "until tc filter show dev more ingress | grep -q limpid3; do sleep 0.01; done"
                      + " 2>/dev/null");
              HostProcesses.family(pid).stream()
                  .filter(each -> each.info().commandLine().orElse("").contains("refresh-network"))
                  // It may just have ended by itself.
                  .forEach(ProcessHandle::destroyForcibly);
              return null;
            });
    new Thread(killing).start();
    network.add(new HandMadeNetwork.Link("more", 1400, 3));
    killing.get();
    network.run("ip link set more mtu 1300");
    Await.until("it is there", () -> shell(LINKS).equals("data0 eth0 lo more "));
    shell("ping -c 1 -W 10 10.9.3.1");
    // Its name of now is not the one by which it was joined.
    network.run("ip link set more down", "ip link set more name other");
    Await.until("it has its new name", () -> shell(LINKS).equals("data0 eth0 lo other "));
    network.run("ip link del other");
    Await.until("it is gone", () -> shell(LINKS).equals("data0 eth0 lo "));
    deleted();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/etc/passwd", "/proc/self/ns/uts"})
  @VmOnly
  void aPathThatNamesNoNetworkIsToldInOneSentence(String named) throws Exception {
    String path = named.isEmpty() ? sandbox().path("nothing").toString() : named;
    runtime()
        .refuses(
            path,
            "create",
            "--bundle",
            sandbox().bundle().joining("network", path).write().toString(),
            id);
    assertNothingIsLeft();
  }

  /** Taken for a container's, its links would reach nobody else any more. */
  @Test
  @VmOnly
  void theNetworkOfWhoeverCallsIsRefused() throws Exception {
    List<String> command = new ArrayList<>(List.of("nsenter", "--net=" + network.path(), "--"));
    String directory = bundle("true").write().toString();
    command.addAll(runtime().commandLine("create", "--bundle", directory, id));
    Outcome outcome = runtime().toEnd(runtime().program(command)).exited(1);
    assertTrue(outcome.err().contains("network"), outcome::toString);
    assertNothingIsLeft();
  }

  /**
   * Has create fail for a reason that names what is missing.
   *
   * @param hide a script that takes it away in a mount namespace
   */
  private void assertFailsNaming(String missing, String hide) throws Exception {
    Path directory = bundle("true").write();
    List<String> command =
        new ArrayList<>(List.of("unshare", "--mount", "sh", "-ec", hide + "exec \"$@\"", "sh"));
    command.addAll(runtime().commandLine("create", "--bundle", directory.toString(), id));
    List<String> files = Sandbox.entries(directory);
    Outcome outcome = runtime().toEnd(runtime().program(command)).exited(1);
    assertTrue(
        outcome.err().matches("(?s).*(^|[^a-z])" + missing + "([^a-z].*|$)"), outcome::toString);
    assertEquals(1, outcome.err().lines().count(), outcome::toString);
    assertEquals(files, Sandbox.entries(directory));
    assertNothingIsLeft();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ip", "tc"})
  @VmOnly
  void aToolThatIsMissingIsNamed(String tool) throws Exception {
    Path hidden = Files.createDirectory(sandbox().path("hidden"));
    // A device of these numbers hides, in an overlay, what is below.
    String hide = "mknod " + hidden + "/" + tool + " c 0 0; ";
    for (String folder : List.of("/usr/bin", "/usr/sbin")) {
      hide += "mount -t overlay hidden -o lowerdir=" + hidden + ":" + folder + " " + folder + "; ";
    }
    assertFailsNaming(tool, hide);
  }

  @Test
  @VmOnly
  void aDeviceThatIsMissingIsNamed() throws Exception {
    assertFailsNaming("/dev/net/tun", "mount -t tmpfs none /dev/net; ");
  }

  /** Both ends of a link may be told to send slowly; what has passed is counted there. */
  @ParameterizedTest
  @ValueSource(strings = {"eth0", "far-eth0"})
  void aLimitOfALinksRateHolds(String end) throws Exception {
    boolean far = end.startsWith("far-");
    String limit = "tc qdisc add dev " + end + " root tbf rate 4mbit burst 16kb latency 50ms";
    assertEquals("", far ? network.runFar(limit) : network.run(limit));
    before = network.traces();
    network.serve();
    start();
    String sent = "dd if=/dev/zero bs=1000 count=1000 2>/dev/null | nc 10.9.1.1 7000 | wc -c";
    assertEquals("1000000", shell(sent).strip());
    String look = "tc -s -j qdisc show dev " + end + " root";
    JsonCursor counted = Json.read(far ? network.runFar(look) : network.run(look));
    JsonCursor limited = counted.elements().get(0);
    assertEquals("tbf", limited.requiredString("kind"));
    assertTrue(limited.required("bytes").asInt64() > 1_000_000, counted.value()::toString);
    assertTrue(limited.required("overlimits").asInt64() > 100, counted.value()::toString);
    deleted();
  }
}
