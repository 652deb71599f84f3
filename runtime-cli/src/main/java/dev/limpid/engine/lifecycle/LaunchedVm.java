package dev.limpid.engine.lifecycle;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.engine.guest.GuestErrorWording;
import dev.limpid.engine.hook.HookRunner;
import dev.limpid.engine.network.ContainerNetwork;
import dev.limpid.engine.network.NetworkUpdate;
import dev.limpid.engine.trace.Step;
import dev.limpid.oci.config.ConsoleSize;
import dev.limpid.oci.config.ContainerProcess;
import dev.limpid.oci.config.Hooks;
import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.state.Status;
import dev.limpid.proto.AgentFailureException;
import dev.limpid.proto.ControlLink;
import dev.limpid.proto.ControlLinkListener;
import dev.limpid.proto.DiskNumbers;
import dev.limpid.proto.DisksRequest;
import dev.limpid.proto.Entropy;
import dev.limpid.proto.GuestMount;
import dev.limpid.proto.JoinRequest;
import dev.limpid.proto.Launched;
import dev.limpid.proto.NetworkRequest;
import dev.limpid.proto.PendingRequest;
import dev.limpid.proto.PrepareRequest;
import dev.limpid.proto.TerminalSize;
import dev.limpid.vm.device.HostDisk;
import dev.limpid.vm.qmp.QmpClient;
import dev.limpid.vm.rootfs.GuestPlace;
import dev.limpid.vm.rootfs.Rootfs;
import dev.limpid.vm.rootfs.SharedRootfs;
import dev.limpid.vm.shim.ShimPlan;
import dev.limpid.vm.shim.ShimProcess;
import dev.limpid.vm.template.Restoration;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** A VM that is being started: the verb's end of the link to its shim, until {@link #commit}. */
final class LaunchedVm implements AutoCloseable {
  private static final Duration SHIM_PATIENCE = Duration.ofSeconds(30);
  private static final Duration QMP_PATIENCE = Duration.ofSeconds(2);

  private static final String CREATE = "crun create";

  private final EngineContext context;
  private final LimpidConfiguration configuration;
  private final Bundle bundle;
  private final Optional<JoinedVm> place;
  private final ContainerDirectory directory;
  private final OptionalInt state;
  private final ShimProcess shim;
  private final ControlLinkListener listener;
  private final List<HostProcess> children = new ArrayList<>();
  private Optional<ControlLink> link = Optional.empty();
  private boolean ended;

  LaunchedVm(
      EngineContext context,
      LimpidConfiguration configuration,
      Bundle bundle,
      Optional<JoinedVm> place,
      ContainerDirectory directory,
      OptionalInt state,
      ShimProcess shim,
      ControlLinkListener listener) {
    this.context = context;
    this.configuration = configuration;
    this.bundle = bundle;
    this.place = place;
    this.directory = directory;
    this.state = state;
    this.shim = shim;
    this.listener = listener;
  }

  ShimProcess shim() {
    return shim;
  }

  /** Waits until the hypervisor runs. */
  @SuppressWarnings("try") // A step is ended, not used.
  void awaitChildren() {
    try (Step step = context.trace().begin("start of the hypervisor")) {
      link = Optional.of(listener.accept(SHIM_PATIENCE, shim::isAlive));
      Launched launched = link.get().awaitLaunched(SHIM_PATIENCE);
      if (launched.qemuPid().isPresent()) {
        children.add(HostProcess.of(launched.qemuPid().getAsInt()));
      }
      if (launched.virtiofsdPid().isPresent()) {
        children.add(HostProcess.of(launched.virtiofsdPid().getAsInt()));
      }
    } catch (IOException failed) {
      throw new EngineException(
          "the virtual machine can't be started: " + failed.getMessage(), failed);
    }
  }

  /** The shim's children: QEMU, unless it is another container's, and virtiofsd. */
  List<HostProcess> children() {
    return List.copyOf(children);
  }

  /**
   * Has the clone of a template go on where that was stopped, and answer.
   *
   * @throws EngineException if it does not
   */
  @SuppressWarnings("try") // A step is ended, not used.
  void restore() {
    Duration patience = Duration.ofSeconds(configuration.startTimeoutSeconds());
    try (Step step = context.trace().begin("restore")) {
      new Restoration(directory.path(), link.orElseThrow(), state.orElseThrow(), patience)
          .carryOut(Optional.of(VmLaunch.FOLDER));
    } catch (IOException failed) {
      throw new EngineException(failed.getMessage(), failed);
    }
  }

  /** Ends it. The shim, asked to, ends its children before itself. */
  void end() {
    if (ended) {
      // Its number may be another's by now.
      return;
    }
    HostProcess process = HostProcess.of(shim.pid());
    shim.terminate();
    VmProcesses.endShim(process);
    // virtiofsd has to be there until the guest has let go of what it serves.
    place.ifPresent(joined -> joined.leave(context.journal()));
    VmProcesses.endChildren(children);
    ended = true;
  }

  /** Ends it, and leaves nothing of it: another one takes its place. */
  void abandon() {
    try {
      end();
    } finally {
      close();
    }
    directory.forgetExit();
  }

  /**
   * Makes the container in the guest; the hooks of the host run, and the network is joined, while
   * the guest boots.
   *
   * @param vcpus how many processors the VM has
   */
  @SuppressWarnings("try") // A step is ended, not used.
  void prepare(Rootfs rootfs, ContainerRecord container, int vcpus) {
    ControlLink shimLink = link.orElseThrow();
    try (Step step = context.trace().begin("guest")) {
      Duration patience = Duration.ofSeconds(configuration.startTimeoutSeconds());
      if (place.isPresent()) {
        place.get().plug();
        join(shimLink, place.get(), container, patience);
        return;
      }
      GuestNetwork network = boot(shimLink, rootfs, container, vcpus, patience);
      boolean ownNetwork = bundle.guest().ownNetwork();
      if (!ownNetwork) {
        tell(network, shimLink, patience);
      }
      List<DiskNumbers> disks =
          bundle.guest().disks().isEmpty() ? List.of() : numbersOfDisks(shimLink, patience);
      create(shimLink, createRequest(disks), patience);
      if (ownNetwork) {
        tell(network, shimLink, patience);
      }
    } catch (AgentFailureException refused) {
      throw new EngineException(
          GuestErrorWording.of(refused, bundle.config().process().args().get(0)), refused);
    } catch (SocketTimeoutException late) {
      throw new EngineException(
          "the virtual machine does not answer: " + late.getMessage() + hypervisorStatus(), late);
    } catch (IOException failed) {
      throw new EngineException("the virtual machine has failed: " + failed.getMessage(), failed);
    }
  }

  /** In a VM that runs already, nothing but the container is to be made. */
  @SuppressWarnings("try") // A step is ended, not used.
  private void join(
      ControlLink shimLink, JoinedVm joined, ContainerRecord container, Duration patience)
      throws IOException, AgentFailureException {
    try (Step inVm = context.trace().beginInVm(shim.pid(), CREATE)) {
      PendingRequest join = shimLink.send(joinRequest(joined));
      runHooks(container);
      await(shimLink, join, CREATE, patience);
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private GuestNetwork boot(
      ControlLink shimLink, Rootfs rootfs, ContainerRecord container, int vcpus, Duration patience)
      throws IOException, AgentFailureException {
    String readiness = state.isPresent() ? "mounts" : "boot and mounts";
    try (Step inVm = context.trace().beginInVm(shim.pid(), readiness)) {
      PendingRequest prepare = shimLink.send(prepareRequest(rootfs));
      runHooks(container);
      GuestNetwork network = joinNetwork(container, vcpus);
      await(shimLink, prepare, readiness, patience);
      return network;
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private void create(
      ControlLink shimLink, dev.limpid.proto.CreateRequest request, Duration patience)
      throws IOException, AgentFailureException {
    try (Step inVm = context.trace().beginInVm(shim.pid(), CREATE)) {
      await(shimLink, shimLink.send(request), CREATE, patience);
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private void await(ControlLink shimLink, PendingRequest request, String name, Duration patience)
      throws IOException, AgentFailureException {
    try (Step step = context.trace().begin(name)) {
      shimLink.await(request, patience);
    }
  }

  /**
   * What is to be done in the guest for the network.
   *
   * @param request what it is told; empty: nothing
   * @param told what to do when it has been
   */
  private record GuestNetwork(Optional<NetworkRequest> request, Runnable told) {}

  /** After the hooks, of which some make the network. */
  @SuppressWarnings("try") // A step is ended, not used.
  private GuestNetwork joinNetwork(ContainerRecord container, int vcpus) {
    try (Step step = context.trace().begin("network")) {
      HostProcess process = container.shim().orElseThrow();
      if (bundle.sharedNetwork().isPresent()) {
        return new GuestNetwork(bundle.sharedNetwork().get().request(process), () -> {});
      }
      Optional<Path> namespace = bundle.guest().network();
      ContainerNetwork own = ContainerNetwork.of(directory, process, context.journal());
      NetworkUpdate update =
          namespace.isEmpty() && !hasHooks()
              ? own.createUntouched(vcpus)
              : own.create(namespace, vcpus);
      return new GuestNetwork(update.request(), update::told);
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private void tell(GuestNetwork network, ControlLink shimLink, Duration patience)
      throws IOException, AgentFailureException {
    try (Step step = context.trace().begin("network in the guest")) {
      if (network.request().isPresent()) {
        shimLink.call(network.request().get(), patience);
      }
      network.told().run();
    }
  }

  private dev.limpid.proto.CreateRequest createRequest(List<DiskNumbers> disks) {
    return new dev.limpid.proto.CreateRequest(
        bundle.guest().text(disks),
        terminalSize(bundle.config().process()),
        bundle.guest().settings());
  }

  /** The guest's kernel numbers its disks by itself; the config for crun needs these numbers. */
  private List<DiskNumbers> numbersOfDisks(ControlLink shimLink, Duration patience)
      throws IOException, AgentFailureException {
    List<String> serials = new ArrayList<>();
    for (HostDisk disk : bundle.guestDisks()) {
      serials.add(disk.serial());
    }
    DisksRequest request = new DisksRequest(serials);
    try {
      return request.numbers(shimLink.call(request, patience));
    } catch (DocumentException broken) {
      throw new IOException(broken.getMessage(), broken);
    }
  }

  /** The container lives on its own from now on. */
  void commit() {
    try {
      link.orElseThrow().commit(SHIM_PATIENCE);
    } catch (IOException failed) {
      throw new EngineException("the virtual machine has failed: " + failed.getMessage(), failed);
    }
  }

  @Override
  public void close() {
    try {
      if (link.isPresent()) {
        link.get().close();
      }
    } catch (IOException failed) {
      throw new EngineException("shim.sock: " + failed.getMessage(), failed);
    } finally {
      VmLaunch.close(listener);
    }
  }

  private JoinRequest joinRequest(JoinedVm joined) {
    GuestPlace guest = new GuestPlace(joined.number());
    String share = guest.share().toString();
    String rootfs = guest.rootfs().toString();
    List<GuestMount> mounts = new ArrayList<>();
    mounts.add(new GuestMount("virtiofs", joined.folder().tag(), share, Set.of(), ""));
    mounts.add(SharedRootfs.mount(guest));
    bundle.guest().sharedMemory().ifPresent(mounts::add);
    return new JoinRequest(
        joined.number(), mounts, List.of(rootfs, share), createRequest(List.of()));
  }

  private PrepareRequest prepareRequest(Rootfs rootfs) throws IOException {
    List<GuestMount> mounts = new ArrayList<>();
    mounts.add(
        new GuestMount("virtiofs", ShimPlan.SHARED, Rootfs.GUEST_SHARE.toString(), Set.of(), ""));
    mounts.addAll(rootfs.mounts());
    bundle.guest().sharedMemory().ifPresent(mounts::add);
    return new PrepareRequest(
        context.clock().instant(),
        Entropy.fromHost(),
        mounts,
        List.of(Rootfs.GUEST_PATH.toString(), Rootfs.GUEST_SHARE.toString()),
        rootfs.filling(),
        state.isPresent());
  }

  /** The size that a process asks for its terminal. */
  static Optional<TerminalSize> terminalSize(ContainerProcess process) {
    Optional<ConsoleSize> size = process.consoleSize();
    if (size.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new TerminalSize(size.get().height(), size.get().width()));
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private void runHooks(ContainerRecord container) {
    if (!hasHooks()) {
      return;
    }
    Hooks hooks = bundle.config().hooks();
    String state =
        JsonWriter.compact()
            .write(container.state(Status.CREATING).hookState(Status.CREATING).toJson());
    try (Step step = context.trace().begin("hooks")) {
      HookRunner runner = new HookRunner(configuration.shim());
      runner.run("prestart", hooks.prestart(), state);
      runner.run("createRuntime", hooks.createRuntime(), state);
    }
  }

  /** Whether somebody else is told of the container before it is made. */
  private boolean hasHooks() {
    Hooks hooks = bundle.config().hooks();
    return !hooks.prestart().isEmpty() || !hooks.createRuntime().isEmpty();
  }

  /** What QEMU says of a guest that does not answer; empty if it says nothing either. */
  private String hypervisorStatus() {
    try (QmpClient qmp = QmpClient.connect(directory.vm().path(), QMP_PATIENCE)) {
      return "; QEMU says it is "
          + qmp.execute("query-status", QMP_PATIENCE).requiredString("status");
    } catch (IOException | DocumentException silent) {
      return "; QEMU does not answer either: " + silent.getMessage();
    }
  }
}
