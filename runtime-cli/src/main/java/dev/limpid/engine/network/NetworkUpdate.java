package dev.limpid.engine.network;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.Journal;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.proto.GuestNic;
import dev.limpid.proto.GuestSysctl;
import dev.limpid.proto.NetworkRequest;
import dev.limpid.vm.device.PciBridge;
import dev.limpid.vm.device.TapInterface;
import dev.limpid.vm.network.Link;
import dev.limpid.vm.network.LinkRole;
import dev.limpid.vm.network.NetworkChange;
import dev.limpid.vm.network.NetworkNamespace;
import dev.limpid.vm.network.NetworkState;
import dev.limpid.vm.network.TrafficRedirection;
import dev.limpid.vm.qmp.QmpClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One change of a VM's network: first taps and devices, on the host; then what the guest is to be
 * told; and when it has been told, that is written down.
 */
public final class NetworkUpdate {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Path TUN = Path.of("/dev/net/tun");

  private final ContainerDirectory directory;
  private final NetworkNamespace namespace;
  private final NetworkRecord before;
  private final NetworkState state;
  private final NetworkGlance glance;
  private final boolean resolver;
  private final Journal journal;
  private final List<TrafficRedirection> joined;
  private final Set<Integer> lostSlots;
  private Optional<String> ports;
  private final List<TrafficRedirection> appeared = new ArrayList<>();
  private Optional<NetworkRequest> request = Optional.empty();

  /**
   * A change.
   *
   * @param before what the VM has
   * @param state what it is to have
   * @param glance one from before that was read
   * @param resolver whether there is a name server in the namespace
   */
  NetworkUpdate(
      ContainerDirectory directory,
      NetworkNamespace namespace,
      NetworkRecord before,
      NetworkState state,
      NetworkGlance glance,
      boolean resolver,
      Journal journal) {
    this.directory = directory;
    this.namespace = namespace;
    this.before = before;
    this.state = state;
    this.glance = glance;
    this.resolver = resolver;
    this.journal = journal;
    this.joined = new ArrayList<>(before.joined());
    this.lostSlots = new HashSet<>(before.lostSlots());
    this.ports = before.ports();
  }

  /**
   * Makes it on the host.
   *
   * @throws IOException if it can't be made; {@link #undo} takes back what has been
   */
  void make(NetworkChange change) throws IOException {
    List<GuestNic> nics = new ArrayList<>();
    List<TrafficRedirection> superfluous = superfluous(change.vanished());
    if (!superfluous.isEmpty() || !change.appeared().isEmpty()) {
      try (QmpClient qmp = QmpClient.connect(directory.path(), PATIENCE)) {
        for (TrafficRedirection each : superfluous) {
          part(each, qmp);
        }
        plan(change.appeared());
        for (int i = 0; i < appeared.size(); i++) {
          nics.add(join(change.appeared().get(i), appeared.get(i), qmp));
        }
      }
    }
    if (resolver && !before.resolver()) {
      for (TrafficRedirection each : before.joined()) {
        if (joined.contains(each)) {
          // What an attempt before this one, which failed, may have left.
          each.withholdAnswers(namespace);
          each.admitAnswers(namespace);
        }
      }
      useHostPorts();
    }
    if (!change.isEmpty() || resolver != before.resolver()) {
      request = Optional.of(request(change, nics, resolver));
    }
  }

  /** With what is written down before, so that it can be put back. */
  private void useHostPorts() throws IOException {
    if (ports.isEmpty()) {
      ports = Optional.of(new HostPorts(namespace).read());
      write(before.resolver(), before.state());
    }
    new HostPorts(namespace).write(TrafficRedirection.HOST_PORTS);
  }

  /**
   * What a guest is told of a change.
   *
   * @throws IOException if it is more than can be told at once
   */
  static NetworkRequest request(NetworkChange change, List<GuestNic> nics, boolean resolver)
      throws IOException {
    try {
      return new NetworkRequest(
          change.undo6(),
          change.undo(),
          nics,
          change.links(),
          sysctls(change.sysctls()),
          change.configuration(),
          change.configuration6(),
          resolver);
    } catch (IllegalArgumentException large) {
      throw new IOException(large.getMessage(), large);
    }
  }

  /** Those of links that have vanished, and those of which the guest has never been told. */
  private List<TrafficRedirection> superfluous(List<Link> vanished) {
    Set<String> told = new HashSet<>();
    for (Link link : before.state().links()) {
      if (link.role() == LinkRole.NIC) {
        told.add(link.name());
      }
    }
    for (Link link : vanished) {
      told.remove(link.name());
    }
    return before.joined().stream().filter(each -> !told.contains(each.link())).toList();
  }

  /** What the guest is to be told; empty: nothing. */
  public Optional<NetworkRequest> request() {
    return request;
  }

  /** The guest has been told. */
  public void told() {
    joined.replaceAll(each -> each.renamed(state.links()));
    write(resolver, state);
    glance.write(directory);
  }

  /** Takes back what has been joined; what has gone, has gone. */
  void undo() {
    for (TrafficRedirection each : appeared) {
      // What stays in spite of this is written down, and tried again with the next change.
      try (QmpClient qmp = QmpClient.connect(directory.path(), PATIENCE)) {
        part(each, qmp);
      } catch (IOException failed) {
        journal.warn("network: undoing it: " + failed.getMessage());
      }
    }
    write(before.resolver(), before.state());
  }

  private void part(TrafficRedirection each, QmpClient qmp) throws IOException {
    pullOut(each.slot(), each.link(), qmp);
    each.remove(namespace, each.currentName(state.links()));
    joined.remove(each);
  }

  private void pullOut(int slot, String link, QmpClient qmp) throws IOException {
    if (!new TapInterface(slot).unplug(qmp, PATIENCE)) {
      lostSlots.add(slot);
      journal.warn("network: " + link + ": the guest does not let go of it");
    }
  }

  /** Writes down what is about to be made, so that it is found even if this process is killed. */
  private void plan(List<Link> links) throws IOException {
    if (links.isEmpty()) {
      return;
    }
    if (!Files.exists(TUN)) {
      throw new IOException(TUN + " does not exist: the host's kernel needs its driver tun");
    }
    // After the removals, which may have made a qdisc superfluous.
    Set<String> filtered = TrafficRedirection.filtered(namespace);
    for (Link link : links) {
      TrafficRedirection redirection =
          TrafficRedirection.plan(link, filtered, new TapInterface(freeSlot()));
      appeared.add(redirection);
      joined.add(redirection);
    }
    write(before.resolver(), before.state());
  }

  private int freeSlot() {
    Set<Integer> taken = new HashSet<>(lostSlots);
    for (TrafficRedirection each : joined) {
      taken.add(each.slot());
    }
    for (int slot = 1; slot <= PciBridge.SLOTS; slot++) {
      if (!taken.contains(slot)) {
        return slot;
      }
    }
    throw new EngineException(
        "network: a virtual machine can have " + PciBridge.SLOTS + " interfaces, and no more");
  }

  private GuestNic join(Link link, TrafficRedirection redirection, QmpClient qmp)
      throws IOException {
    redirection.make(namespace, before.mark(), before.queues());
    if (resolver) {
      redirection.admitAnswers(namespace);
    }
    new TapInterface(redirection.slot())
        .plug(qmp, link.mac().orElseThrow(), before.queues(), PATIENCE);
    return new GuestNic(redirection.slot(), link.name());
  }

  private static List<GuestSysctl> sysctls(Map<String, String> values) {
    List<GuestSysctl> sysctls = new ArrayList<>();
    values.forEach((name, value) -> sysctls.add(new GuestSysctl(name, value)));
    return sysctls;
  }

  private void write(boolean asked, NetworkState told) {
    new NetworkRecord(
            before.mark(),
            before.namespace(),
            before.queues(),
            asked,
            ports,
            joined,
            List.copyOf(lostSlots),
            told)
        .write(directory);
  }
}
