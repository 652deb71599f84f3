package dev.limpid.engine.lifecycle;

import dev.limpid.config.HugePages;
import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.guest.HostBlockDevice;
import dev.limpid.engine.guest.HostSocket;
import dev.limpid.engine.guest.SharedSource;
import dev.limpid.engine.network.SharedNetwork;
import dev.limpid.engine.trace.Step;
import dev.limpid.engine.vm.HostHugePages;
import dev.limpid.engine.vm.VmChoice;
import dev.limpid.proto.ControlLinkListener;
import dev.limpid.vm.cgroup.HostCgroup;
import dev.limpid.vm.device.Device;
import dev.limpid.vm.device.FileDisk;
import dev.limpid.vm.device.PmemDisk;
import dev.limpid.vm.device.SharedFolder;
import dev.limpid.vm.hypervisor.Origin;
import dev.limpid.vm.hypervisor.PasstCommandLine;
import dev.limpid.vm.hypervisor.QemuCommandLine;
import dev.limpid.vm.hypervisor.VirtiofsdCommandLine;
import dev.limpid.vm.hypervisor.VirtualMachine;
import dev.limpid.vm.rootfs.Rootfs;
import dev.limpid.vm.shim.ShimPlan;
import dev.limpid.vm.shim.ShimProcess;
import dev.limpid.vm.template.Template;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Starts the shim of a container, with everything it needs to start the VM. */
final class VmLaunch {
  /** A clone gets it when it has been restored. */
  static final SharedFolder FOLDER = new SharedFolder("virtiofsd.sock", ShimPlan.SHARED);

  private static final String VERB_SOCKET = "create.sock";

  /** From the folder of Limpid's own files. */
  private static final Path LAUNCHER = Path.of("../../bin/limpid");

  private static final long MIB = 1L << 20;

  private final EngineContext context;
  private final LimpidConfiguration configuration;
  private final Bundle bundle;
  private final VmChoice choice;
  private final Optional<JoinedVm> place;
  private final Rootfs rootfs;
  private final ContainerDirectory directory;
  private final HostSize host = HostSize.read();
  private final VmSize size;
  private final VmBlueprint blueprint;
  private final VmTemplates templates;

  VmLaunch(
      EngineContext context,
      LimpidConfiguration configuration,
      Bundle bundle,
      VmChoice choice,
      Optional<JoinedVm> place,
      Rootfs rootfs,
      ContainerDirectory directory) {
    this.context = context;
    this.configuration = configuration;
    this.bundle = bundle;
    this.choice = choice;
    this.place = place;
    this.rootfs = rootfs;
    this.directory = directory;
    this.size = calculateSize();
    this.blueprint = new VmBlueprint(context, configuration, choice, size, host);
    this.templates = new VmTemplates(context, configuration);
  }

  /** How large the VM is to be. */
  VmSize size() {
    return size;
  }

  private VmSize calculateSize() {
    long diskBytes = 0;
    for (Device device : rootfs.devices()) {
      diskBytes += device instanceof PmemDisk disk ? disk.bytes() : 0;
    }
    return VmSize.of(configuration, bundle.config().linux().resources(), diskBytes, host)
        .orAsAsked(choice.size())
        .inWhole(choice.hugePages().pages());
  }

  /**
   * Looks whether the host has huge pages for the VM, if it is to have such and does not run yet.
   *
   * @throws EngineException if it has not enough
   */
  void requireHugePages() {
    if (place.isEmpty() && choice.hugePages().pages() != HugePages.NEVER) {
      HostHugePages.ofHost().require(choice.hugePages(), size.memoryMiB());
    }
  }

  /** The template that the VM is to be a clone of; empty if it is to be booted, or runs already. */
  @SuppressWarnings("try") // A step is ended, not used.
  Optional<Template> template() {
    if (place.isPresent()) {
      return Optional.empty();
    }
    try (Step step = context.trace().begin("template")) {
      return templates.of(blueprint);
    }
  }

  /**
   * Whether a clone, whose hypervisor has opened its files by now, is one of this template.
   *
   * @throws EngineException if it need not be
   */
  void require(Template template) {
    templates.require(template);
  }

  /** No clone of it comes up where a booted VM does. */
  void discard(Template template, String why) {
    templates.discard(template, why);
  }

  /**
   * Starts the shim.
   *
   * @param template what the VM is to be a clone of; empty: it is booted, or runs already
   * @param cgroup where it and its children are to be; it is there
   * @param rollback told how to end it
   */
  @SuppressWarnings("try") // A step is ended, not used.
  LaunchedVm start(
      CreateRequest request, Optional<Template> template, HostCgroup cgroup, Rollback rollback) {
    try (Step step = context.trace().begin("start of the shim")) {
      return startShim(request, template, cgroup, rollback);
    }
  }

  private LaunchedVm startShim(
      CreateRequest request, Optional<Template> template, HostCgroup cgroup, Rollback rollback) {
    Path planFile = directory.path().resolve("plan");
    ControlLinkListener listener;
    try {
      plan(request, template, cgroup).write(planFile);
      listener = ControlLinkListener.open(directory.path(), VERB_SOCKET);
    } catch (IOException failed) {
      throw new EngineException(failed.getMessage(), failed);
    }
    boolean started = false;
    try {
      ShimProcess shim =
          ShimProcess.start(
              configuration.shim(),
              place.isPresent() ? ShimProcess.Role.JOIN : ShimProcess.Role.RUN,
              planFile,
              streams(request).ofShim());
      LaunchedVm vm =
          new LaunchedVm(
              context,
              configuration,
              bundle,
              place,
              directory,
              template.isPresent() ? OptionalInt.of(stateDescriptor()) : OptionalInt.empty(),
              shim,
              listener);
      rollback.onFailure("the virtual machine", vm::end);
      started = true;
      return vm;
    } catch (IOException failed) {
      throw new EngineException(
          "limpid-shim can't be started: " + failed.getMessage() + "; see 'limpid check'", failed);
    } finally {
      if (!started) {
        close(listener);
      }
    }
  }

  static void close(ControlLinkListener listener) {
    try {
      listener.close();
    } catch (IOException failed) {
      throw new EngineException("create.sock: " + failed.getMessage(), failed);
    }
  }

  private ShimPlan plan(CreateRequest request, Optional<Template> template, HostCgroup cgroup)
      throws IOException {
    ShimPlan plan = new ShimPlan(directory.path(), VERB_SOCKET);
    plan.cgroup(cgroup.directories());
    bundle.config().process().oomScoreAdj().ifPresent(plan::oomScoreAdjustment);
    Optional<SharedNetwork> shared = bundle.sharedNetwork();
    if (shared.isEmpty() || shared.get().namespace().isPresent()) {
      plan.network(bundle.guest().network());
    }
    plan.share();
    rootfs.share(plan);
    plan.root(bundle.rootfs());
    if (rootfs.bypassesMount()) {
      plan.merged(bundle.rootfs());
    }
    for (SharedSource source : bundle.guest().sources()) {
      plan.bind(source.source(), source.name(), source.options());
    }
    for (HostSocket socket : bundle.guest().sockets()) {
      plan.socket(socket.source());
    }
    for (HostBlockDevice disk : bundle.guest().disks()) {
      plan.disk(disk.node(), disk.major(), disk.minor(), disk.readOnly());
    }
    plan.virtiofsd(
        VirtiofsdCommandLine.of(
            configuration.virtiofsd(), directory.path().resolve(ShimPlan.SHARED)));
    if (bundle.sandbox().isPresent()) {
      plan.sandbox(bundle.sandbox().get().directory().path());
    } else {
      Origin origin = new Origin.Boot();
      if (template.isPresent()) {
        origin = new Origin.Clone(memoryDescriptor(), stateDescriptor());
        plan.memory(size.memoryMiB() * MIB, template.get().memory());
        plan.state(template.get().state());
      }
      List<String> hypervisor =
          QemuCommandLine.of(virtualMachine(request, template), blueprint.growth(), origin);
      context.journal().debug("hypervisor: " + String.join(" ", hypervisor));
      plan.hypervisor(hypervisor);
      if (shared.isEmpty()) {
        plan.refresh(refresh(request));
      } else if (shared.get().uplink().isPresent()) {
        List<String> passt =
            PasstCommandLine.of(
                configuration.passt(),
                shared.get().uplink().get(),
                choice.ports().tcp(),
                choice.ports().udp());
        context.journal().debug("passt: " + String.join(" ", passt));
        plan.passt(passt);
      }
    }
    streams(request).describe(plan, context);
    return plan;
  }

  /** What the shim calls when the container's network has changed. */
  private List<String> refresh(CreateRequest request) {
    List<String> command = new ArrayList<>();
    command.add(context.home().resolve(LAUNCHER).normalize().toString());
    command.addAll(List.of("--root", context.root().toString()));
    if (context.log().isPresent()) {
      command.addAll(List.of("--log", context.log().get().toString()));
      command.addAll(List.of("--log-format", context.logFormat()));
    }
    command.addAll(List.of("refresh-network", request.id().value()));
    return command;
  }

  private ShimStreams streams(CreateRequest request) {
    return new ShimStreams(
        bundle.config().process().terminal(),
        request.consoleSocket(),
        request.attachment() == CreateRequest.Attachment.DETACHED);
  }

  /** What the shim opens for the hypervisor, in this order: disks, the file, passt's socket. */
  private int networkDescriptor() {
    int file = bundle.descriptorAfterDisks();
    return rootfs.disk().isPresent() ? file + 1 : file;
  }

  private int memoryDescriptor() {
    Optional<SharedNetwork> shared = bundle.sharedNetwork();
    return shared.isPresent() && shared.get().uplink().isPresent()
        ? networkDescriptor() + 1
        : networkDescriptor();
  }

  private int stateDescriptor() {
    return memoryDescriptor() + 1;
  }

  private VirtualMachine virtualMachine(CreateRequest request, Optional<Template> template)
      throws IOException {
    List<Device> devices = new ArrayList<>();
    if (template.isEmpty()) {
      devices.add(FOLDER);
    }
    devices.addAll(rootfs.devices());
    devices.addAll(bundle.guestDisks());
    if (rootfs.disk().isPresent()) {
      devices.add(new FileDisk(bundle.descriptorAfterDisks()));
    }
    bundle
        .sharedNetwork()
        .flatMap(network -> network.device(networkDescriptor()))
        .ifPresent(devices::add);
    return blueprint.machine(request.id().value(), devices);
  }
}
