package dev.limpid.engine.lifecycle;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerRecord.Phase;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.container.ContainerStore.Claim;
import dev.limpid.engine.container.FolderRemoval;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.engine.network.ContainerNetwork;
import dev.limpid.engine.rootfs.Landlock;
import dev.limpid.engine.rootfs.RootfsChoice;
import dev.limpid.engine.trace.Step;
import dev.limpid.engine.vm.SharedPorts;
import dev.limpid.engine.vm.VmChoice;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.vm.cgroup.HostCgroup;
import dev.limpid.vm.layer.LayerBounds;
import dev.limpid.vm.layer.LayerStore;
import dev.limpid.vm.rootfs.Rootfs;
import dev.limpid.vm.shim.ShimProcess;
import dev.limpid.vm.template.Template;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Makes a container (runtime.md, "Create"): everything up to the point where its program could
 * start. What has been taken when something fails is given back; what a verb that was killed had
 * taken, {@code delete --force} finds in the container's record.
 */
public final class ContainerCreation {
  private static final long MIB = 1L << 20;

  private final EngineContext context;

  /** Makes containers below the context's root. */
  public ContainerCreation(EngineContext context) {
    this.context = context;
  }

  /**
   * Makes one.
   *
   * @return its shim, which goes on when this process ends
   * @throws EngineException naming what is wrong
   * @throws dev.limpid.oci.json.DocumentException if config.json is not as it must be, or asks for
   *     what can't be had in a virtual machine
   */
  @SuppressWarnings("try") // A step is ended, not used.
  public ShimProcess create(CreateRequest request) {
    try (Step step = context.trace().begin("create")) {
      return claimAndCreate(request);
    }
  }

  private ShimProcess claimAndCreate(CreateRequest request) {
    LimpidConfiguration configuration = configuration();
    ContainerStore store = new ContainerStore(context.root());
    Bundle bundle = bundle(request, store, configuration);
    VmChoice choice =
        VmChoice.of(JsonCursor.root(ConfigParser.FILE_NAME, bundle.config().raw()), configuration);
    if (!choice.ports().isEmpty() && bundle.sharedNetwork().isEmpty()) {
      throw new InvalidSpecException(
          ConfigParser.FILE_NAME,
          "annotations[\"" + SharedPorts.ANNOTATION + "\"]",
          "the container has a network of its own, all of whose ports are its own");
    }
    try (Claim claim = store.claim(request.id());
        LayerStore layers = layers(configuration, bundle, choice);
        Rollback rollback = new Rollback(context.journal(), context.trace())) {
      rollback.onFailure("the container's directory", claim.directory()::remove);
      ShimProcess shim =
          create(request, configuration, bundle, choice, layers, claim.directory(), rollback);
      rollback.commit();
      return shim;
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private LimpidConfiguration configuration() {
    try (Step step = context.trace().begin("configuration")) {
      return LimpidConfiguration.load(context.environment(), context.home());
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private Bundle bundle(
      CreateRequest request, ContainerStore store, LimpidConfiguration configuration) {
    try (Step step = context.trace().begin("bundle")) {
      return Bundle.load(request, store, configuration, context.journal());
    }
  }

  private ShimProcess create(
      CreateRequest request,
      LimpidConfiguration configuration,
      Bundle bundle,
      VmChoice choice,
      LayerStore layers,
      ContainerDirectory directory,
      Rollback rollback) {
    Optional<JoinedVm> place = Optional.empty();
    if (bundle.sandbox().isPresent()) {
      Sandbox sandbox = bundle.sandbox().get();
      place = Optional.of(JoinedVm.enter(sandbox, directory, request.id(), rollback));
      bundle = bundle.joined(sandbox, place.get().number());
    }
    Rootfs rootfs = rootfs(request, bundle, choice, layers, directory);
    VmLaunch launch =
        new VmLaunch(context, configuration, bundle, choice, place, rootfs, directory);
    launch.requireHugePages();
    ContainerCgroup cgroup = ContainerCgroup.place(context, bundle, request.id(), launch.size());
    ContainerRecord container = record(request.id(), bundle, rootfs, cgroup.cgroup());
    directory.write(container);
    directory.saveConfig(bundle.config().raw());
    make(rootfs, directory, rollback);
    cgroup.make(configuration.shim(), rollback);
    rollback.onFailure("the network", () -> ContainerNetwork.release(directory));

    try (LaunchedVm vm = launched(request, launch, container, cgroup, directory, rollback)) {
      ShimProcess shim = vm.shim();
      container = container.runBy(HostProcess.of(shim.pid()), vm.children());
      cgroup.entered();
      vm.prepare(rootfs, container, launch.size().vcpus());
      cgroup.limitBandwidth();
      if (request.pidFile().isPresent()) {
        PidFile.write(request.pidFile().get(), shim.pid(), rollback);
      }
      directory.write(container.in(Phase.CREATED));
      vm.commit();
      return shim;
    }
  }

  /** A VM whose hypervisor runs: the clone of a template where that is possible. */
  private LaunchedVm launched(
      CreateRequest request,
      VmLaunch launch,
      ContainerRecord container,
      ContainerCgroup cgroup,
      ContainerDirectory directory,
      Rollback rollback) {
    Optional<Template> template = launch.template();
    Optional<String> broken = Optional.empty();
    if (template.isPresent()) {
      LaunchedVm clone = launch.start(request, template, cgroup.cgroup(), rollback);
      try {
        await(clone, container, directory);
        launch.require(template.get());
        clone.restore();
        return clone;
      } catch (EngineException failed) {
        clone.abandon();
        broken = Optional.of(String.valueOf(failed.getMessage()));
      }
    }
    LaunchedVm vm = launch.start(request, Optional.empty(), cgroup.cgroup(), rollback);
    boolean runs = false;
    try {
      await(vm, container, directory);
      // Otherwise it was not the template's fault.
      broken.ifPresent(why -> launch.discard(template.get(), why));
      runs = true;
      return vm;
    } finally {
      if (!runs) {
        vm.close();
      }
    }
  }

  /** Waits until the hypervisor runs. What there is to end stands in the container's record. */
  private static void await(
      LaunchedVm vm, ContainerRecord container, ContainerDirectory directory) {
    HostProcess shim = HostProcess.of(vm.shim().pid());
    directory.write(container.runBy(shim, List.of()));
    vm.awaitChildren();
    directory.write(container.runBy(shim, vm.children()));
  }

  /** The images stay in the store until the VM has mapped them, and this is closed. */
  private LayerStore layers(LimpidConfiguration configuration, Bundle bundle, VmChoice choice) {
    VmSize size =
        VmSize.of(configuration, bundle.config().linux().resources(), 0, HostSize.read())
            .orAsAsked(choice.size())
            .inWhole(choice.hugePages().pages());
    return new LayerStore(
        configuration.layers(),
        configuration.shim(),
        LayerBounds.ofVm(configuration.layersMaxMiB() * MIB, size.memoryMiB() * MIB),
        new WatchedLayers(context.journal()));
  }

  /** What a VM gets that runs already is one folder. */
  @SuppressWarnings("try") // A step is ended, not used.
  private Rootfs rootfs(
      CreateRequest request,
      Bundle bundle,
      VmChoice choice,
      LayerStore layers,
      ContainerDirectory directory) {
    try (Step step = context.trace().begin("root filesystem")) {
      RootfsChoice ways = new RootfsChoice(layers, Landlock.ofHost(), context.journal());
      return bundle.sandbox().isPresent()
          ? ways.inRunningVm(bundle.rootfs(), bundle.hostMounts(), choice.rootfs())
          : ways.choose(
              bundle.rootfs(),
              bundle.hostMounts(),
              request.id(),
              directory.path(),
              choice.rootfs());
    }
  }

  private ContainerRecord record(ContainerId id, Bundle bundle, Rootfs rootfs, HostCgroup cgroup) {
    return new ContainerRecord(
        id,
        Phase.CREATING,
        false,
        Optional.empty(),
        List.of(),
        bundle.directory(),
        bundle.rootfs(),
        context.clock().instant(),
        bundle.config().annotations(),
        rootfs.releases(),
        rootfs.disk(),
        cgroup);
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private void make(Rootfs rootfs, ContainerDirectory directory, Rollback rollback) {
    try (Step step = context.trace().begin("root filesystem")) {
      makeFolders(rootfs, directory, rollback);
    }
  }

  private static void makeFolders(Rootfs rootfs, ContainerDirectory directory, Rollback rollback) {
    for (Path folder : rootfs.releases()) {
      // One of this name is what a crash of the host has left: the id is ours alone.
      FolderRemoval.remove(folder);
      rollback.onFailure(folder.toString(), () -> FolderRemoval.remove(folder));
    }
    if (rootfs.disk().isPresent()) {
      DiskRemoval.beforeUse(rootfs.disk().get());
      rollback.onFailure(
          rootfs.disk().get().file().toString(),
          () -> DiskRemoval.afterFailure(rootfs.disk().get(), directory.path()));
    }
    try {
      rootfs.make();
    } catch (IOException failed) {
      throw new EngineException("root.path: cannot create " + failed.getMessage(), failed);
    }
  }
}
