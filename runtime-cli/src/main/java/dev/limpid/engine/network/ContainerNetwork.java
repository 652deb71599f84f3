package dev.limpid.engine.network;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.Journal;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.proto.NetworkRequest;
import dev.limpid.vm.device.TapInterface;
import dev.limpid.vm.network.Link;
import dev.limpid.vm.network.LinkRole;
import dev.limpid.vm.network.NamedLink;
import dev.limpid.vm.network.NetworkChange;
import dev.limpid.vm.network.NetworkNamespace;
import dev.limpid.vm.network.NetworkState;
import dev.limpid.vm.network.TrafficRedirection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The network of a container: what its namespace on the host has is made to be in its VM, once when
 * it is created, and again whenever it has changed.
 */
public final class ContainerNetwork {
  /** How the guest's agent is asked. */
  @FunctionalInterface
  public interface Guest {
    /**
     * Asks, and waits until it is done.
     *
     * @throws EngineException if the guest refuses
     */
    void ask(NetworkRequest request);
  }

  private final ContainerDirectory directory;
  private final HostProcess shim;
  private final Path process;
  private final NetworkNamespace namespace;
  private final Journal journal;

  private ContainerNetwork(ContainerDirectory directory, HostProcess shim, Journal journal) {
    this.directory = directory;
    this.shim = shim;
    this.process = Path.of("/proc", Long.toString(shim.pid()));
    this.namespace = new NetworkNamespace(process.resolve("ns/net"));
    this.journal = journal;
  }

  /**
   * That of a container with a VM of its own.
   *
   * @param shim the container's, which is in the namespace
   * @param journal told what can't be had in the VM
   */
  public static ContainerNetwork of(
      ContainerDirectory directory, HostProcess shim, Journal journal) {
    return new ContainerNetwork(directory, shim, journal);
  }

  /** Whether a container with a VM of its own shares its network: there is nothing to update. */
  public static boolean isShared(ContainerDirectory directory) {
    return !NetworkRecord.exists(directory);
  }

  /**
   * Gives a new VM the network of a namespace that its shim has made for it, in which nobody has
   * been yet: the guest's own loopback is all there is, and nothing has to be read.
   *
   * @param vcpus how many processors the VM has
   */
  public NetworkUpdate createUntouched(int vcpus) {
    NetworkRecord fresh = NetworkRecord.fresh(Optional.empty(), TapInterface.queues(vcpus));
    fresh.write(directory);
    return update(fresh, fresh.state(), NetworkGlance.at(process));
  }

  /**
   * Gives a new VM the network of its namespace, as far as that is done on the host.
   *
   * @param path the namespace, if it was named by one
   * @param vcpus how many processors the VM has
   * @throws EngineException if it can't be done, or there is something in the namespace that a VM
   *     can't have; what has been made is in the container's directory, for {@link #release}
   */
  public NetworkUpdate create(Optional<Path> path, int vcpus) {
    NetworkRecord fresh = NetworkRecord.fresh(path, TapInterface.queues(vcpus));
    fresh.write(directory);
    NetworkGlance glance = NetworkGlance.at(process);
    NetworkState state = read();
    refuseUnsupported(state);
    refuseForeign(state);
    state.remarks().forEach(this::warn);
    NetworkUpdate update = update(fresh, state, glance);
    try {
      update.make(NetworkChange.between(fresh.state(), state));
    } catch (IOException failed) {
      throw failure(failed);
    }
    return update;
  }

  /** Whether the namespace looks as it did when the VM was last given what it has. */
  public boolean looksTheSame() {
    return NetworkGlance.at(process).isAsWritten(directory);
  }

  /**
   * Gives the VM what has come since, and takes away what has gone.
   *
   * @throws EngineException if it can't be done; the VM keeps what it had
   */
  public void update(Guest guest) {
    Optional<NetworkRecord> before = NetworkRecord.read(directory);
    if (before.isEmpty()) {
      throw new EngineException("network: the container's network is not known");
    }
    NetworkGlance glance = NetworkGlance.at(process);
    NetworkState state = read();
    for (String remark : state.remarks()) {
      if (!before.get().state().remarks().contains(remark)) {
        warn(remark);
      }
    }
    if (!shim.isAlive()) {
      // What was read may be that of another process, which has its number by now.
      throw new EngineException("network: the container has ended");
    }
    NetworkUpdate update = update(before.get(), state, glance);
    boolean done = false;
    try {
      update.make(NetworkChange.between(withoutBroken(before.get(), state), state));
      update.request().ifPresent(guest::ask);
      update.told();
      done = true;
    } catch (IOException failed) {
      throw failure(failed);
    } finally {
      if (!done) {
        update.undo();
      }
    }
  }

  private NetworkUpdate update(NetworkRecord before, NetworkState state, NetworkGlance glance) {
    return new NetworkUpdate(
        directory, namespace, before, state, glance, before.resolver() || hasResolver(), journal);
  }

  private boolean hasResolver() {
    return HostResolver.isIn(process);
  }

  private static EngineException failure(IOException failed) {
    return new EngineException("network: " + failed.getMessage(), failed);
  }

  /** Whether there is something to {@link #release}, which programs of the host do. */
  public static boolean hasToBeReleased(ContainerDirectory directory) {
    Optional<NetworkRecord> record = NetworkRecord.read(directory);
    return record.isPresent() && record.get().namespace().isPresent() && !isUntouched(record.get());
  }

  /**
   * Puts everything on the host back as it was, for a container whose VM has ended. Where its
   * namespace was there may be another one by now, which is left alone.
   *
   * @throws EngineException if something stays
   */
  public static void release(ContainerDirectory directory) {
    Optional<NetworkRecord> record = NetworkRecord.read(directory);
    // One that the VM had of its own has ended with it, or its engine is about to end it.
    if (record.isEmpty() || record.get().namespace().isEmpty()) {
      return;
    }
    NetworkNamespace namespace = new NetworkNamespace(record.get().namespace().get());
    try {
      if (namespace.exists()) {
        release(record.get(), namespace);
      }
    } catch (IOException failed) {
      throw failure(failed);
    }
  }

  private static void release(NetworkRecord record, NetworkNamespace namespace) throws IOException {
    if (isUntouched(record)) {
      return;
    }
    List<NamedLink> links = namespace.links();
    for (TrafficRedirection each : record.joined()) {
      each.release(namespace, record.mark(), links);
    }
    boolean others =
        links.stream()
            .anyMatch(
                link ->
                    link.name().startsWith(TapInterface.PREFIX)
                        && !link.alias().equals(record.mark()));
    HostPorts ports = new HostPorts(namespace);
    if (record.ports().isPresent()
        && !others
        && ports.read().equals(TrafficRedirection.HOST_PORTS)) {
      ports.write(record.ports().get());
    }
  }

  private static boolean isUntouched(NetworkRecord record) {
    return record.joined().isEmpty() && record.ports().isEmpty();
  }

  private NetworkState read() {
    try {
      return namespace.read();
    } catch (IOException failed) {
      throw failure(failed);
    }
  }

  /** Two can't take the same traffic. */
  private static void refuseForeign(NetworkState state) {
    for (Link link : state.links()) {
      if (link.name().startsWith(TapInterface.PREFIX)) {
        throw new EngineException(
            "network: another virtual machine has the interfaces of this network namespace ("
                + link.name()
                + ")");
      }
    }
  }

  private static void refuseUnsupported(NetworkState state) {
    for (Link link : state.links()) {
      if (link.unsupported().isPresent()) {
        throw new EngineException(
            "network: " + link.unsupported().get() + ": it can't be given to a virtual machine");
      }
    }
  }

  private void warn(String remark) {
    journal.warn("network: left out: " + remark);
  }

  /**
   * What the VM has, without the links whose tap or filters somebody has removed: these are to be
   * joined anew.
   */
  private NetworkState withoutBroken(NetworkRecord record, NetworkState state) throws IOException {
    Set<String> filtered = TrafficRedirection.filtered(namespace);
    Set<String> whole = new HashSet<>();
    for (TrafficRedirection each : record.joined()) {
      if (each.isWhole(state.links(), filtered)) {
        whole.add(each.link());
      }
    }
    NetworkState known = record.state();
    for (Link link : record.state().links()) {
      if (link.role() == LinkRole.NIC && !whole.contains(link.name())) {
        known = known.withReplaced(link.name());
      }
    }
    return known;
  }
}
