package dev.limpid.engine.network;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.oci.ContainerId;
import dev.limpid.proto.GuestNic;
import dev.limpid.proto.NetworkRequest;
import dev.limpid.vm.device.TapInterface;
import dev.limpid.vm.device.UserInterface;
import dev.limpid.vm.network.NetworkChange;
import dev.limpid.vm.network.NetworkNamespace;
import dev.limpid.vm.network.NetworkState;
import dev.limpid.vm.network.Uplink;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The network of a container that shares it with others, and so can't have its interfaces: passt
 * lives there, and does for the guest what any program could do. Nothing is changed there, nothing
 * is watched, and nothing is to be given back.
 *
 * @param namespace the namespace's file, if it is not the one of this process
 * @param host whether it is the host's
 * @param uplink what the guest gets; empty: nothing leads anywhere
 * @param mac the address of the guest's interface
 */
public record SharedNetwork(
    Optional<Path> namespace, boolean host, Optional<Uplink> uplink, String mac) {
  private static final Path OWN = Path.of("/proc/self/ns/net");
  private static final String LOCALLY_ADMINISTERED = "02";
  private static final int MAC_BYTES = 6;

  /**
   * Looks at the network that a container is to share.
   *
   * @param id the container's
   * @param namespace the namespace, if it was named by a path
   * @throws EngineException if it can't be read, or another virtual machine has its interfaces
   */
  public static SharedNetwork of(ContainerId id, NetworkSharing with, Optional<Path> namespace) {
    NetworkState state;
    try {
      state = new NetworkNamespace(namespace.orElse(OWN)).read();
    } catch (IOException failed) {
      throw new EngineException("network: " + failed.getMessage(), failed);
    }
    if (state.links().stream().anyMatch(link -> link.name().startsWith(TapInterface.PREFIX))) {
      throw new EngineException(
          "network: another virtual machine has the interfaces of this network namespace");
    }
    String mac = mac(id);
    return new SharedNetwork(
        namespace, with instanceof NetworkSharing.WithHost, Uplink.of(state, mac), mac);
  }

  /**
   * The VM's interface; none if nothing leads anywhere.
   *
   * @param descriptor in QEMU
   */
  public Optional<UserInterface> device(int descriptor) {
    return uplink.map(any -> new UserInterface(descriptor, mac));
  }

  /**
   * What the guest is to be told.
   *
   * @param shim the container's, which is in the namespace
   */
  public Optional<NetworkRequest> request(HostProcess shim) {
    // The shim asks no name server in the host's own namespace.
    boolean resolver = !host && HostResolver.isIn(Path.of("/proc", Long.toString(shim.pid())));
    if (uplink.isEmpty()) {
      return Optional.empty();
    }
    NetworkChange change = NetworkChange.between(NetworkState.EMPTY, uplink.get().guest());
    GuestNic nic = new GuestNic(UserInterface.SLOT, uplink.get().link());
    try {
      return Optional.of(NetworkUpdate.request(change, List.of(nic), resolver));
    } catch (IOException large) {
      throw new EngineException("network: " + large.getMessage(), large);
    }
  }

  /** One of the container's own, which only passt sees. */
  private static String mac(ContainerId id) {
    byte[] digest;
    try {
      digest =
          MessageDigest.getInstance("SHA-256").digest(id.value().getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException never) {
      throw new IllegalStateException(never);
    }
    return LOCALLY_ADMINISTERED
        + ":"
        + HexFormat.ofDelimiter(":").formatHex(digest, 0, MAC_BYTES - 1);
  }
}
