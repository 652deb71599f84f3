package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.Json;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerRecord.Phase;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.container.Containers;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.config.Config;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose VM a container joins: containers whose shims are programs that sleep. */
class SandboxTest {
  private static final String CRI =
      "'io.kubernetes.cri.container-type':'container','io.kubernetes.cri.sandbox-id':'%s'";

  private final List<Process> shims = new ArrayList<>();
  private Path folder;
  private ContainerStore store;

  @BeforeEach
  void prepare(@TempDir Path temporary) throws IOException {
    folder = temporary.toRealPath();
    store = new ContainerStore(folder.resolve("root"));
  }

  @AfterEach
  void end() {
    shims.forEach(Process::destroyForcibly);
  }

  @Test
  void isNoneIfNothingSpeaksOfOne() throws IOException {
    container("pod", Phase.RUNNING);

    assertEquals(Optional.empty(), find("", "{'type':'pid'},{'type':'ipc','path':''}"));
    assertEquals(
        Optional.empty(),
        find(
            "'io.kubernetes.cri.container-type':'sandbox','io.kubernetes.cri.sandbox-id':'pod'",
            ""));
    assertEquals(Optional.empty(), find("'io.kubernetes.cri.sandbox-id':'pod'", ""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/proc/%d/ns/uts",
        "/proc/%d/ns/ipc/",
        "/proc/%d/task/ns/ipc",
        "/proc/+%d/ns/ipc",
        "/proc/%dx/ns/ipc",
        "/proc/99999999999999999999/ns/ipc",
        "/proc/self/ns/ipc",
        "/proc/1/ns/ipc",
        "/proc/0%d/ns/ipc",
        "/x"
      })
  void isNoneIfAPathLeadsElsewhere(String path) throws IOException {
    long pid = container("pod", Phase.RUNNING);

    assertEquals(Optional.empty(), find("", path("ipc", path.replace("%d", Long.toString(pid)))));
  }

  @Test
  void isNoneIfAProcessIsNotTheShim() throws IOException {
    ContainerDirectory directory = Containers.claimed(store, "pod");
    directory.write(Containers.without("pod", Phase.RUNNING));
    long pid = sleeping(directory.path()).pid();

    assertEquals(Optional.empty(), find("", path("ipc", "/proc/" + pid + "/ns/ipc")));
    directory.write(
        Containers.without("pod", Phase.RUNNING).runBy(new HostProcess(pid, 1), List.of()));
    assertEquals(Optional.empty(), find("", path("ipc", "/proc/" + pid + "/ns/ipc")));
    long elsewhere = sleeping(folder).pid();
    assertEquals(Optional.empty(), find("", path("ipc", "/proc/" + elsewhere + "/ns/ipc")));
  }

  @ParameterizedTest
  @CsvSource({"ipc, ipc", "uts, uts", "pid, pid", "network, net"})
  void isTheContainerWhoseNamespaceIsNamed(String type, String file) throws IOException {
    long pid = container("pod", Phase.CREATED);
    String path = "/proc/" + pid + "/ns/" + file;

    Sandbox sandbox = find("", path(type, path)).orElseThrow();

    assertEquals("pod", sandbox.container().id().value());
    assertEquals(Map.of(path, Path.of("/run/limpid/ns/0/" + file)), sandbox.namespaces());
  }

  @Test
  void isTheOneThatTheNamedContainerHasJoined() throws IOException {
    long pod = container("pod", Phase.RUNNING);
    long member = container("member", Phase.RUNNING);
    store.find(id("member")).join(id("pod"), 5);
    String path = "/proc/" + member + "/ns/pid";
    String podPath = "/proc/" + pod + "/ns/ipc";

    Sandbox sandbox = find("", path("pid", path) + "," + path("ipc", podPath)).orElseThrow();

    assertEquals("pod", sandbox.container().id().value());
    assertEquals(
        Map.of(path, Path.of("/run/limpid/ns/5/pid"), podPath, Path.of("/run/limpid/ns/0/ipc")),
        sandbox.namespaces());
    assertEquals(
        "/system.slice/limpid-agent.service/joined-7", sandbox.surroundings(7).place().cgroup());
  }

  @Test
  void canBeOnlyOne() throws IOException {
    long pod = container("pod", Phase.RUNNING);
    long other = container("other", Phase.RUNNING);

    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () ->
                find(
                    "",
                    path("ipc", "/proc/" + pod + "/ns/ipc")
                        + ","
                        + path("uts", "/proc/" + other + "/ns/uts")));
    assertEquals("linux.namespaces[2].path", e.path());
    assertThrows(
        InvalidSpecException.class,
        () -> find(CRI.formatted("pod"), path("ipc", "/proc/" + other + "/ns/ipc")));
  }

  @Test
  void isTheOneThatAnAnnotationNames() throws IOException {
    long pid = container("pod", Phase.RUNNING);
    String network = "/proc/" + pid + "/ns/../ns/net";

    Sandbox sandbox = find(CRI.formatted("pod"), "{'type':'pid'}").orElseThrow();
    assertEquals(Map.of(), sandbox.namespaces());

    Sandbox crio =
        find(
                "'io.kubernetes.cri-o.ContainerType':'container','io.kubernetes.cri-o.SandboxID':'pod'",
                path("network", network))
            .orElseThrow();
    assertEquals("pod", crio.container().id().value());
    assertEquals(
        Map.of(network, Path.of("/run/limpid/ns/0/net")),
        crio.namespaces(),
        "the same namespace by another name");
  }

  @Test
  void itsNetworkIsTheContainersIfBothAreTheHosts() throws IOException {
    long pid = container("pod", Phase.RUNNING);
    Sandbox sandbox = find(CRI.formatted("pod"), "").orElseThrow();

    assertTrue(sandbox.sharesNetwork(Optional.empty(), Json.config("{'namespaces':[]}")));
    assertFalse(
        sandbox.sharesNetwork(Optional.empty(), Json.config("{'namespaces':[{'type':'network'}]}")),
        "it has one of its own");
    Path path = Path.of("/proc/" + pid + "/ns/net");
    JsonCursor named = Json.config("{'namespaces':[" + path("network", path.toString()) + "]}");
    assertFalse(sandbox.sharesNetwork(Optional.of(path), named), "nobody has said so");
    assertTrue(
        find(CRI.formatted("pod"), path("network", path.toString()))
            .orElseThrow()
            .sharesNetwork(Optional.of(path), named));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "not/an/id"})
  void isNoneIfThePodIsNoneOfOurs(String id) {
    assertEquals(Optional.empty(), find(CRI.formatted(id), "{'type':'pid'}"));
  }

  @Test
  void hasToRun() throws IOException {
    ContainerDirectory directory = Containers.claimed(store, "pod");
    directory.write(Containers.dead("pod", Phase.RUNNING));

    EngineException e = assertThrows(EngineException.class, () -> find(CRI.formatted("pod"), ""));

    assertEquals(
        "cannot join the virtual machine of container pod, which is stopped", e.getMessage());
  }

  private Optional<Sandbox> find(String annotations, String namespaces) {
    Config config =
        ConfigParser.parse(
                "config.json",
                Json.object(
                    "{'ociVersion':'1.0.2','process':{'args':['sh'],'cwd':'/'},"
                        + "'root':{'path':'rootfs'},'annotations':{"
                        + annotations
                        + "},'linux':{'namespaces':[{'type':'mount'}"
                        + (namespaces.isEmpty() ? "" : "," + namespaces)
                        + "]}}"))
            .config();
    return Sandbox.of(config, store);
  }

  private static String path(String type, String path) {
    return "{'type':'" + type + "','path':'" + path + "'}";
  }

  private static ContainerId id(String id) {
    return new ContainerId(id);
  }

  /** A container whose shim sleeps. Its pid. */
  private long container(String id, Phase phase) throws IOException {
    ContainerDirectory directory = Containers.claimed(store, id);
    HostProcess shim = HostProcess.of(sleeping(directory.path()).pid());
    ContainerRecord record = Containers.without(id, phase).runBy(shim, List.of());
    directory.write(record);
    Files.writeString(
        directory.path().resolve("config.json"),
        "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"},"
            + "\"root\":{\"path\":\"rootfs\"},\"linux\":{}}");
    return shim.pid();
  }

  private Process sleeping(Path directory) throws IOException {
    Process process = new ProcessBuilder("sleep", "1000").directory(directory.toFile()).start();
    shims.add(process);
    return process;
  }
}
