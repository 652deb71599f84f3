package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** podman's networks, which CNI makes: its default bridge, and one with names. */
final class PodmanNetworkIT {
  private static final String DEFAULT = "podman";
  private static final String NAMES = "names";
  private static final String SERVES = "exec httpd -f -p 80 -h /etc";
  private static final String SERVED = "not a program";

  private static final WorkFolder WORK = new WorkFolder();
  private static CallerDaemon namespaces;
  private static OutsideWorld outside;
  private static CallerCommand beside;
  private static CallerCommand podman;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    namespaces = CallerDaemon.startNamespaces(WORK.resolve("log"));
    List<String> prefix =
        List.of("nsenter", "--net", "--mount", "--target", Long.toString(namespaces.pid()), "--");
    Map<String, String> environment =
        Map.of("CONTAINERS_CONF", containersConf(), "CONTAINERS_STORAGE_CONF", storageConf());
    beside = new CallerCommand(prefix, environment);
    // What plugins keep of addresses and of names.
    for (String kept : List.of("/var/lib/cni", "/run/containers")) {
      beside.run("mkdir", "-p", kept).ok();
      beside.run("mount", "-t", "tmpfs", "kept", kept).ok();
    }
    List<String> command = new ArrayList<>(prefix);
    command.add("podman");
    podman = new CallerCommand(command, environment);
    outside = OutsideWorld.beside(WORK.resolve("outside.log"), namespaces.pid());
    beside.run("sysctl", "-qw", "net.ipv4.ip_forward=1").ok();
    podman
        .run("import", "-c", "ENV PATH=/bin", TestImages.busybox(WORK.path()).toString(), "busybox")
        .ok();
    podman.run("network", "create", "--subnet", "10.89.7.0/24", NAMES).ok();
  }

  private static String containersConf() throws IOException {
    return Files.writeString(
            WORK.resolve("containers.conf"),
            """
            [engine]
            cgroup_manager = "cgroupfs"
            %s
            [containers]
            # podman's own are more than whoever runs the tests may grant.
            default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
            [network]
            network_backend = "cni"
            cni_plugin_dirs = ["/usr/lib/cni"]
            network_config_dir = "%s"
            """
                .formatted(
                    EnginesPage.blocks("podman", "toml").get(0),
                    Files.createDirectories(WORK.resolve("networks"))))
        .toString();
  }

  private static String storageConf() throws IOException {
    return Files.writeString(
            WORK.resolve("storage.conf"),
            "[storage]\ndriver = \"overlay\"\ngraphroot = \""
                + WORK.resolve("root")
                + "\"\nrunroot = \""
                + WORK.resolve("run")
                + "\"\n")
        .toString();
  }

  @AfterEach
  void removeContainers() throws IOException, InterruptedException {
    podman.run("rm", "-f", "-t", "0", "-a").ok();
    assertEquals(
        List.of(), LimpidProcesses.leftOf(WORK.path()), "left when all containers are removed");
    assertEquals("", beside.run("sh", "-c", "ip -o link show type veth | grep -v up0").text());
  }

  @AfterAll
  static void stop() {
    podman.run("network", "rm", NAMES).ok();
    outside.close();
    namespaces.close();
    WORK.close();
  }

  /** Starts a container that serves a file, and waits until it does. */
  private static String serving(String runtime, String name, String... options)
      throws InterruptedException {
    List<String> all = new ArrayList<>(List.of("--runtime", runtime, "run", "-d", "--name", name));
    all.addAll(List.of(options));
    all.addAll(List.of("busybox", "sh", "-c", SERVES));
    String id = podman.run(all.toArray(new String[0])).ok();
    String fetch = "until wget -qO- http://127.0.0.1/plain 2>/dev/null; do sleep 0.1; done";
    assertEquals(SERVED, exec(name, fetch).ok());
    return id;
  }

  private static Result exec(String name, String script) {
    return podman.run("exec", name, "sh", "-c", script);
  }

  private static String address(String name, String network) {
    return podman
        .run(
            "inspect",
            "-f",
            "{{(index .NetworkSettings.Networks \"" + network + "\").IPAddress}}",
            name)
        .ok();
  }

  private static String fetch(String host) {
    return "wget -qO- http://" + host + "/plain";
  }

  @Test
  void commandsOfThePageAboutEnginesDoWhatTheySay() throws IOException {
    for (String command : EnginesPage.commands("podman")) {
      String printed = beside.run("sh", "-c", command).ok();
      assertTrue(!command.contains(" run ") || printed.endsWith("-limpid"), command);
    }
  }

  @Test
  void theDefaultBridgeConnectsContainersAndTheHost() throws InterruptedException {
    serving("limpid", "one");
    serving("limpid", "two");
    serving("runc", "plain");
    String one = address("one", DEFAULT);
    beside.run("ping", "-n", "-c", "1", "-W", "10", one).ok();
    assertEquals(
        SERVED, beside.run("/bin/busybox", "wget", "-qO-", "http://" + one + "/plain").ok());
    for (String other : List.of("two", "plain")) {
      assertEquals(SERVED, exec("one", fetch(address(other, DEFAULT))).ok(), other);
      assertEquals(SERVED, exec(other, fetch(one)).ok(), other);
      exec(other, "ping -c 1 -W 10 " + one).ok();
    }
    String link = exec("one", "ip -o address show dev eth0; ip route").ok();
    assertTrue(link.contains(" inet " + one + "/16 "), link);
    assertTrue(link.contains("default via 10.88.0.1 dev eth0"), link);
  }

  @Test
  void portsArePublishedAndTheWorldIsReached() throws InterruptedException {
    serving("limpid", "web", "-p", "8080:80");
    String url = "http://" + OutsideWorld.NEAR + ":8080/plain";
    assertEquals(SERVED, outside.run("/bin/busybox", "wget", "-qO-", url).ok());
    assertEquals(SERVED, beside.run("/bin/busybox", "wget", "-qO-", url).ok());
    exec("web", "ping -c 1 -W 10 " + OutsideWorld.FAR).ok();
    String asked = "echo word | nc -w 10 " + OutsideWorld.FAR + " " + OutsideWorld.PORT;
    assertEquals("word", exec("web", asked).ok());
  }

  @Test
  void containersFindEachOtherByName() throws InterruptedException {
    serving("limpid", "one", "--network", NAMES, "--network-alias", "uno");
    serving("limpid", "two", "--network", NAMES);
    serving("runc", "plain", "--network", NAMES);
    for (String from : List.of("one", "two", "plain")) {
      for (String to : List.of("one", "uno", "two", "plain")) {
        assertEquals(SERVED, exec(from, fetch(to)).ok(), from + " to " + to);
      }
    }
    assertNotEquals(0, exec("one", fetch("nobody")).status());
  }

  @Test
  void aRunningContainerComesToANetworkAndLeavesIt() throws InterruptedException {
    serving("limpid", "one");
    serving("runc", "plain", "--network", NAMES);
    podman.run("network", "connect", NAMES, "one").ok();
    String shown = "ip -o -4 address show dev eth1 2>/dev/null | awk '{ print $4 }'";
    awaitIn(address("one", NAMES) + "/24", "one", shown);
    assertEquals(SERVED, exec("one", fetch(address("plain", NAMES))).ok());
    assertEquals(SERVED, exec("plain", fetch(address("one", NAMES))).ok());
    podman.run("network", "disconnect", NAMES, "one").ok();
    awaitIn("eth0 lo", "one", "ls /sys/class/net | tr '\\n' ' '");
    exec("one", "ping -c 1 -W 10 " + OutsideWorld.FAR).ok();
  }

  private static void awaitIn(String expected, String name, String script)
      throws InterruptedException {
    long deadline = System.nanoTime() + 30_000_000_000L;
    String printed = exec(name, script).ok();
    while (!printed.equals(expected)) {
      if (System.nanoTime() > deadline) {
        assertEquals(expected, printed);
      }
      Thread.sleep(50);
      printed = exec(name, script).ok();
    }
  }
}
