package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Pods as Kubernetes has containerd make them: by CRI, on a bridge of CNI. */
final class ContainerdNetworkIT {
  private static final String IMAGE = "localhost/busybox:latest";
  private static final String PAUSE = "localhost/pause:latest";
  private static final long PATIENCE_NANOS = 30_000_000_000L;
  private static final String SERVES = "exec httpd -f -p 80 -h /etc";
  private static final String SERVED = "not a program";

  private static final WorkFolder WORK = new WorkFolder();
  private static final List<String> PODS = new ArrayList<>();
  private static CallerDaemon daemon;
  private static OutsideWorld outside;
  private static CallerCommand cri;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    Path socket = WORK.resolve("containerd.sock");
    Path configuration = WORK.resolve("config.toml");
    Files.writeString(
        configuration,
        """
        version = 2
        root = "%1$s/root"
        state = "%1$s/state"
        [grpc]
        address = "%2$s"
        [plugins."io.containerd.grpc.v1.cri"]
          sandbox_image = "%3$s"
          # Whoever runs the tests may lack the right to be spared more than others.
          restrict_oom_score_adj = true
        [plugins."io.containerd.grpc.v1.cri".cni]
          bin_dir = "/usr/lib/cni"
          conf_dir = "%1$s/cni"
        """
                .formatted(WORK.path(), socket, PAUSE)
            + EnginesPage.blocks("containerd", "toml").get(0));
    Files.writeString(
        Files.createDirectories(WORK.resolve("cni")).resolve("pods.conflist"),
        """
        {"cniVersion": "0.4.0", "name": "pods", "plugins": [
          {"type": "bridge", "bridge": "pods0", "isGateway": true, "ipMasq": true, "mtu": 1450,
           "ipam": {"type": "host-local", "dataDir": "%s",
                    "ranges": [[{"subnet": "10.77.0.0/24"}], [{"subnet": "fd00:77::/64"}]],
                    "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}},
          {"type": "portmap", "capabilities": {"portMappings": true}}]}
        """
            .formatted(WORK.resolve("ipam")));
    CallerCommand ctr =
        new CallerCommand(
            List.of("ctr"),
            Map.of("CONTAINERD_ADDRESS", socket.toString(), "CONTAINERD_NAMESPACE", "k8s.io"));
    daemon =
        CallerDaemon.start(
            WORK.resolve("containerd.log"),
            () -> ctr.run("version").status() == 0,
            "containerd",
            "--config",
            configuration.toString());
    cri = new CallerCommand(List.of(CallerCommand.script("cri"), socket.toString()), Map.of());
    outside = OutsideWorld.beside(WORK.resolve("outside.log"), daemon.pid());
    beside("sysctl", "-qw", "net.ipv4.ip_forward=1").ok();
    Path tar = TestImages.busybox(WORK.path());
    importImage(ctr, TestImages.archive(WORK.path(), tar, IMAGE, "ENV PATH=/bin"), IMAGE);
    importImage(
        ctr,
        TestImages.archive(WORK.path(), tar, PAUSE, "ENTRYPOINT [\"/bin/sleep\", \"1000000\"]"),
        PAUSE);
  }

  /** Waits until CRI has heard of it, too. */
  private static void importImage(CallerCommand ctr, Path archive, String name)
      throws InterruptedException {
    ctr.run("image", "import", archive.toString()).ok();
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    JsonObject request = JsonObject.builder().put("image", image(name)).build();
    while (call("ImageStatus", request).optional("image").isEmpty()) {
      assertTrue(System.nanoTime() < deadline, () -> name + " is not known");
      Thread.sleep(50);
    }
  }

  @AfterAll
  static void stop() throws IOException, InterruptedException {
    outside.close();
    daemon.close();
    assertEquals(
        List.of(), LimpidProcesses.leftOf(WORK.path()), "left when the daemon has stopped");
    WORK.removeControlGroups();
    WORK.close();
  }

  @AfterEach
  void removePods() throws IOException {
    for (String pod : List.copyOf(PODS)) {
      remove(pod);
    }
    assertEquals("", beside("ip", "-o", "link", "show", "type", "veth", "master", "pods0").text());
    try (var leases = Files.list(WORK.resolve("ipam/pods"))) {
      assertEquals(
          List.of(),
          leases
              .map(lease -> lease.getFileName().toString())
              .filter(name -> name.startsWith("10.") || name.startsWith("fd00"))
              .toList());
    }
  }

  private static Result beside(String... command) {
    return new CallerCommand(
            List.of("nsenter", "--net", "--mount", "--target", Long.toString(daemon.pid()), "--"),
            Map.of())
        .run(command);
  }

  private static JsonCursor call(String method, JsonObject request) {
    Result result =
        cri.run(JsonWriter.compact().write(request).getBytes(StandardCharsets.UTF_8), method);
    return JsonCursor.root(
        method, new JsonReader(method).parse(result.ok().getBytes(StandardCharsets.UTF_8)));
  }

  private static JsonObject image(String name) {
    return JsonObject.builder().put("image", name).build();
  }

  private static JsonObject podConfig(String name, JsonObject... ports) {
    return JsonObject.builder()
        .put(
            "metadata",
            JsonObject.builder()
                .put("name", name)
                .put("uid", "uid-" + name)
                .put("namespace", "default")
                .build())
        .put("log_directory", WORK.resolve("logs").toString())
        .put("dns_config", JsonObject.builder().put("servers", strings("203.0.113.1")).build())
        .put("port_mappings", JsonArray.of(ports))
        .put(
            "linux",
            JsonObject.builder().put("cgroup_parent", "/" + WORK.path().getFileName()).build())
        .build();
  }

  private static JsonObject port(int ofTheHost) {
    return JsonObject.builder()
        .put("container_port", JsonNumber.of(80))
        .put("host_port", JsonNumber.of(ofTheHost))
        .build();
  }

  private static JsonArray strings(String... values) {
    return JsonArray.ofStrings(List.of(values));
  }

  private static String pod(String handler, JsonObject config) {
    String id =
        call(
                "RunPodSandbox",
                JsonObject.builder().put("config", config).put("runtime_handler", handler).build())
            .requiredString("pod_sandbox_id");
    PODS.add(id);
    return id;
  }

  private static String container(String pod, JsonObject podConfig, String name, String script) {
    JsonObject config =
        JsonObject.builder()
            .put("metadata", JsonObject.builder().put("name", name).build())
            .put("image", image(IMAGE))
            .put("command", strings("/bin/sh", "-c", script))
            .put("log_path", name + ".log")
            .build();
    String id =
        call(
                "CreateContainer",
                JsonObject.builder()
                    .put("pod_sandbox_id", pod)
                    .put("config", config)
                    .put("sandbox_config", podConfig)
                    .build())
            .requiredString("container_id");
    call("StartContainer", JsonObject.builder().put("container_id", id).build());
    return id;
  }

  private static void remove(String pod) {
    JsonObject request = JsonObject.builder().put("pod_sandbox_id", pod).build();
    call("StopPodSandbox", request);
    call("RemovePodSandbox", request);
    PODS.remove(pod);
  }

  /** What a script in a container prints; its exit status is the last line. */
  private static String exec(String container, String script) {
    JsonCursor answer =
        call(
            "ExecSync",
            JsonObject.builder()
                .put("container_id", container)
                .put("cmd", strings("/bin/sh", "-c", script + "; echo $?"))
                .put("timeout", JsonNumber.of(60))
                .build());
    return new String(
            Base64.getDecoder().decode(answer.requiredString("stdout")), StandardCharsets.UTF_8)
        .strip();
  }

  /** Waits until a container has its server listening, as it sees itself. */
  private static void awaitServer(String container) {
    assertEquals(
        SERVED + "\n0",
        exec(container, "until wget -qO- http://127.0.0.1/plain 2>/dev/null; do sleep 0.1; done"));
  }

  private static JsonCursor network(String pod) {
    return call("PodSandboxStatus", JsonObject.builder().put("pod_sandbox_id", pod).build())
        .required("status")
        .required("network");
  }

  private static String address(String pod) {
    return network(pod).requiredString("ip");
  }

  private static String fetch(String address) {
    return "wget -qO- http://" + address + "/plain";
  }

  @Test
  void containersOfAPodShareALoopbackAndAnAddress() {
    JsonObject config = podConfig("shared");
    String pod = pod("limpid", config);
    String serving = container(pod, config, "serving", SERVES);
    String asking = container(pod, config, "asking", "exec sleep 1000000");
    awaitServer(serving);

    assertEquals(SERVED + "\n0", exec(asking, fetch("127.0.0.1")));
    String look = "ip -o address show dev eth0; ip route; cat /sys/class/net/eth0/mtu";
    String seen = exec(asking, look);
    assertTrue(seen.contains(" inet " + address(pod) + "/24 "), seen);
    assertTrue(seen.contains("default via 10.77.0.1 dev eth0"), seen);
    assertTrue(seen.endsWith("\n1450\n0"), seen);
    assertEquals(seen, exec(serving, look));
    String resolvers = exec(asking, "cat /etc/resolv.conf");
    assertEquals("nameserver 203.0.113.1\n0", resolvers);
  }

  @Test
  void aPodIsReachedFromTheHostAndFromOtherPods() throws IOException {
    JsonObject config = podConfig("served");
    String pod = pod("limpid", config);
    awaitServer(container(pod, config, "serving", SERVES));
    String address = address(pod);
    String address6 =
        network(pod).required("additional_ips").elements().get(0).requiredString("ip");

    beside("ping", "-n", "-c", "1", "-W", "10", address).ok();
    beside("ping", "-n", "-c", "1", "-W", "10", address6).ok();
    assertEquals(
        SERVED, beside("/bin/busybox", "wget", "-qO-", "http://" + address + "/plain").ok());
    for (String handler : List.of("limpid", "runc")) {
      JsonObject othersConfig = podConfig("other-" + handler);
      String other = pod(handler, othersConfig);
      assertNotEquals(address, address(other));
      String asking = container(other, othersConfig, "asking", SERVES);
      awaitServer(asking);
      assertEquals(SERVED + "\n0", exec(asking, fetch(address)), handler);
      assertEquals(SERVED + "\n0", exec(asking, fetch("[" + address6 + "]")), handler);
      // And the other way, by a process that joins the pod late.
      String late = container(pod, config, "late-" + handler, "exec sleep 1000000");
      assertEquals(SERVED + "\n0", exec(late, fetch(address(other))), handler);
    }
  }

  @Test
  void theWorldIsReachedAndReachesThePortOfThePod() {
    JsonObject config = podConfig("published", port(8081));
    String pod = pod("limpid", config);
    String serving = container(pod, config, "serving", SERVES);
    awaitServer(serving);

    assertEquals("0", exec(serving, "ping -c 1 -W 10 " + OutsideWorld.FAR + " > /dev/null"));
    String asked = "echo word | nc -w 10 " + OutsideWorld.FAR + " " + OutsideWorld.PORT;
    assertEquals("word\n0", exec(serving, asked));
    String url = "http://" + OutsideWorld.NEAR + ":8081/plain";
    assertEquals(SERVED, outside.run("/bin/busybox", "wget", "-qO-", url).ok());
    assertEquals(SERVED, beside("/bin/busybox", "wget", "-qO-", url).ok());
  }

  @Test
  void nothingIsLeftOfAPodThatIsRemoved() {
    // The first leaves chains of rules for others to use.
    remove(pod("limpid", podConfig("first", port(8082))));
    List<String> before = traces();
    String pod = pod("limpid", podConfig("gone", port(8082)));
    String address = address(pod);
    assertNotEquals(before, traces());
    remove(pod);
    assertEquals(before, traces());
    assertNotEquals(0, beside("ping", "-n", "-c", "1", "-W", "1", address).status());
  }

  private static List<String> traces() {
    return List.of(
        beside("ip", "-o", "link", "show", "type", "veth").ok(),
        beside("iptables", "-t", "nat", "-S").ok(),
        beside("sh", "-c", "ls /run/netns 2>/dev/null || true").ok());
  }
}
