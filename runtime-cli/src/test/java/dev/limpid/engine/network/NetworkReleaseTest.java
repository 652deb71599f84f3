package dev.limpid.engine.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.container.Containers;
import dev.limpid.vm.network.NetworkNamespace;
import dev.limpid.vm.network.NetworkState;
import dev.limpid.vm.network.TrafficRedirection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a container leaves in a namespace that was named by a path, one of the test's own. */
@Timeout(60)
class NetworkReleaseTest {
  private static final String USUAL = "32768\t60999";
  private static final NetworkRecord FRESH = NetworkRecord.fresh(Optional.empty(), 1);

  private ContainerDirectory directory;
  private Process process;
  private NetworkNamespace namespace;
  private Path path;

  @BeforeEach
  void make(@TempDir Path temporary) throws IOException {
    directory = Containers.claimed(new ContainerStore(temporary.resolve("root")), "ct");
    // It prints when it is there, and ends with its input.
    process = new ProcessBuilder("unshare", "--net", "sh", "-c", "echo; exec cat").start();
    assumeTrue(process.getInputStream().read() == '\n', "network namespaces can't be made here");
    path = Path.of("/proc/" + process.pid() + "/ns/net");
    namespace = new NetworkNamespace(path);
    run("ip", "link", "add", "eth0", "index", "77", "type", "veth", "peer", "name", "other");
    new HostPorts(namespace).write(TrafficRedirection.HOST_PORTS);
  }

  @AfterEach
  void end() {
    process.destroyForcibly();
  }

  @Test
  void takesAwayWhatIsTheContainersOwn() throws IOException {
    join(FRESH.mark());
    write(path);

    ContainerNetwork.release(directory);
    assertFalse(run("ip", "link", "show").contains("limpid1"));
    assertFalse(run("tc", "qdisc", "show").contains("ingress"));
    assertEquals(USUAL, new HostPorts(namespace).read());
  }

  /** The path names a new namespace, in which another VM is. */
  @Test
  void leavesAnotherVirtualMachineAlone() throws IOException {
    join(NetworkRecord.fresh(Optional.empty(), 1).mark());
    write(path);

    ContainerNetwork.release(directory);
    assertTrue(run("ip", "link", "show").contains("limpid1"));
    assertTrue(run("tc", "filter", "show", "dev", "eth0", "ingress").contains("limpid1"));
    assertEquals(TrafficRedirection.HOST_PORTS, new HostPorts(namespace).read());
  }

  @Test
  void leavesPortsThatSomebodyHasSet() throws IOException {
    join(FRESH.mark());
    write(path);
    new HostPorts(namespace).write("10000\t20000");

    ContainerNetwork.release(directory);
    assertEquals("10000\t20000", new HostPorts(namespace).read());
  }

  @Test
  void nothingIsToBeDoneIfTheNamespaceIsGone(@TempDir Path temporary) throws IOException {
    write(temporary.resolve("none"));
    ContainerNetwork.release(directory);
    // On which it was mounted.
    write(Files.createFile(temporary.resolve("file")));
    ContainerNetwork.release(directory);
  }

  private void join(String mark) throws IOException {
    redirection().make(namespace, mark, 1);
  }

  private static TrafficRedirection redirection() {
    return new TrafficRedirection("eth0", 77, 1, true, false);
  }

  private void write(Path named) {
    new NetworkRecord(
            FRESH.mark(),
            Optional.of(named),
            1,
            true,
            Optional.of(USUAL),
            List.of(redirection()),
            List.of(),
            NetworkState.EMPTY)
        .write(directory);
  }

  private String run(String... command) throws IOException {
    return namespace.run(List.of(command), Optional.empty());
  }
}
