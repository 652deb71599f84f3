package dev.limpid.engine.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.oci.ContainerId;
import dev.limpid.proto.GuestNic;
import dev.limpid.proto.NetworkRequest;
import dev.limpid.vm.device.UserInterface;
import dev.limpid.vm.network.NetworkState;
import dev.limpid.vm.network.Uplink;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a VM gets of a network that its container shares. */
class SharedNetworkTest {
  private static final HostProcess SELF = HostProcess.of(ProcessHandle.current().pid());
  private static final Uplink UPLINK =
      new Uplink("eth0", Optional.empty(), Optional.empty(), NetworkState.EMPTY);

  private static SharedNetwork network(Optional<Uplink> uplink) {
    return new SharedNetwork(Optional.empty(), true, uplink, "02:00:00:00:00:01");
  }

  @Test
  void thereIsNoInterfaceIfNothingLeadsAnywhere() {
    assertEquals(Optional.empty(), network(Optional.empty()).device(6));
    assertEquals(Optional.empty(), network(Optional.empty()).request(SELF));
  }

  @Test
  void theInterfaceIsInTheFirstSlotAndNamedAsTheOther() {
    SharedNetwork network = network(Optional.of(UPLINK));

    assertEquals(Optional.of(new UserInterface(7, "02:00:00:00:00:01")), network.device(7));
    NetworkRequest request = network.request(SELF).orElseThrow();
    assertEquals(List.of(new GuestNic(1, "eth0")), request.nics());
    assertFalse(request.resolver(), "in the host's own namespace nobody is asked");
  }

  @Test
  void eachContainerHasAnAddressOfItsOwn() {
    SharedNetwork first = look("first");

    assertTrue(first.mac().matches("02(:[0-9a-f]{2}){5}"), first.mac());
    assertEquals(first.mac(), look("first").mac());
    assertNotEquals(first.mac(), look("second").mac());
  }

  @Test
  void aNamespaceThatIsGoneIsAnError() {
    EngineException e =
        assertThrows(
            EngineException.class,
            () ->
                SharedNetwork.of(
                    new ContainerId("x"),
                    new NetworkSharing.WithHost(),
                    Optional.of(Path.of("/no/such"))));

    assertEquals("network: /no/such: no such network namespace", e.getMessage());
  }

  private static SharedNetwork look(String id) {
    try {
      return SharedNetwork.of(new ContainerId(id), new NetworkSharing.WithHost(), Optional.empty());
    } catch (EngineException failed) {
      // Not everybody may look.
      assumeTrue(false, failed.getMessage());
      throw failed;
    }
  }

  private static boolean asksForNames(boolean host) {
    return new SharedNetwork(
            Optional.of(Path.of("/proc/self/ns/net")),
            host,
            Optional.of(UPLINK),
            "02:00:00:00:00:01")
        .request(SELF)
        .orElseThrow()
        .resolver();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void namesAreAskedForWhereDockerAnswersButNotOfTheHost(boolean host) throws IOException {
    // One of IPv4: any other would be in another table.
    try (DatagramChannel docker = DatagramChannel.open(StandardProtocolFamily.INET)) {
      assertFalse(asksForNames(host));
      docker.bind(new InetSocketAddress("127.0.0.11", 0));
      assertEquals(!host, asksForNames(host));
    }
  }
}
