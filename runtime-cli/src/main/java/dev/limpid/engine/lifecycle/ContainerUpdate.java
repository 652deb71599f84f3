package dev.limpid.engine.lifecycle;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerLock;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.guest.GuestResources;
import dev.limpid.engine.guest.UnsupportedResources;
import dev.limpid.engine.vm.HostHugePages;
import dev.limpid.engine.vm.RequestedSize;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.config.Config;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.Resources;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.state.Status;
import dev.limpid.proto.UpdateRequest;
import dev.limpid.vm.cgroup.CgroupException;
import dev.limpid.vm.cgroup.CgroupLimits;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import dev.limpid.vm.cgroup.HostCgroup;
import dev.limpid.vm.cgroup.SystemdScope;
import dev.limpid.vm.cgroup.UnitProperty;
import dev.limpid.vm.hypervisor.Growth;
import dev.limpid.vm.hypervisor.RunningVm;
import dev.limpid.vm.qmp.QmpClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Changes the limits of a running container. */
public final class ContainerUpdate {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final EngineContext context;

  /** Updates containers below the context's root. */
  public ContainerUpdate(EngineContext context) {
    this.context = context;
  }

  /**
   * Changes limits; what is not named stays.
   *
   * @param document the name of the resources in messages
   * @param resources an OCI LinuxResources object
   * @throws EngineException if the container does not run, or can't be given as much
   * @throws dev.limpid.oci.json.DocumentException if the object is not as it must be
   */
  @SuppressWarnings("try") // The lock is held, not used.
  public void update(ContainerId id, String document, JsonObject resources) {
    ContainerDirectory directory = new ContainerStore(context.root()).find(id);
    try (ContainerLock lock = directory.lock()) {
      update(directory, document, resources);
    }
  }

  private void update(ContainerDirectory directory, String document, JsonObject resources) {
    ContainerRecord container = directory.required();
    Status status = directory.status(container);
    if (status == Status.STOPPED || status == Status.CREATING) {
      throw new EngineException("cannot update a container that is " + status.specName());
    }
    UnsupportedResources.refuse(JsonCursor.root(document, resources));
    Config saved = directory.savedConfig();
    Resources before = saved.linux().resources();
    JsonObject changes = CompletedChanges.withBandwidth(resources, before.cpu());
    Resources asked = ConfigParser.parseResources(document, changes);
    JsonObject whole = CompletedChanges.withMemory(changes, before.memory());
    JsonObject merged = MergedResources.of(before.raw(), whole);
    LimitBounds.check(document + ": ", ConfigParser.parseResources(document, merged));
    boolean halted = status == Status.PAUSED && directory.membership().isEmpty();
    if (halted) {
      // Its processes stay frozen; the agent, and the guest's kernel that takes what is plugged in,
      // have to run.
      ContainerPause.awaken(directory);
    }
    try {
      VmSize size = grow(document, directory, asked, merged, saved, container.cgroup());
      onHost(document, container.cgroup(), asked, size);
      inGuest(
          directory,
          container,
          whole,
          asked.cpu().burst().orElse(0),
          before.cpu().burst().orElse(0));
    } finally {
      if (halted && !directory.hasEnded(container)) {
        ContainerPause.halt(directory);
      }
    }
    JsonObject linux =
        JsonCursor.root(ConfigParser.FILE_NAME, saved.raw()).required("linux").asObject();
    directory.saveConfig(saved.raw().with("linux", linux.with("resources", merged)));
  }

  private void inGuest(
      ContainerDirectory directory,
      ContainerRecord container,
      JsonObject changes,
      long burst,
      long burstBefore) {
    if (burst > 0 && burst < burstBefore) {
      // crun writes it last, but with the one that holds the kernel takes no quota below that.
      JsonObject files = JsonObject.builder().put("cpu.max.burst", Long.toString(burst)).build();
      ask(directory, container, JsonObject.builder().put("unified", files).build());
    }
    JsonObject guest =
        GuestResources.translate(changes, context.journal())
            // Rules of devices are those of the creation.
            .without("devices");
    ask(directory, container, guest);
  }

  private static void ask(
      ContainerDirectory directory, ContainerRecord container, JsonObject limits) {
    AgentCall.of(directory, container, new UpdateRequest(JsonWriter.compact().write(limits)));
  }

  /** Gives the VM what the new limits ask for and it has not. It never shrinks. */
  private VmSize grow(
      String document,
      ContainerDirectory directory,
      Resources asked,
      JsonObject merged,
      Config saved,
      HostCgroup cgroup) {
    LimpidConfiguration configuration =
        LimpidConfiguration.load(context.environment(), context.home());
    HostSize host = HostSize.read();
    Resources all = ConfigParser.parseResources(document, merged);
    VmSize wanted =
        VmSize.of(configuration, all, 0, host)
            .orAsAsked(RequestedSize.of(JsonCursor.root(ConfigParser.FILE_NAME, saved.raw())));
    boolean processors = asked.cpu().quota().isPresent() || asked.cpu().cpus().isPresent();
    OptionalLong limit = VmSize.memoryLimit(asked);
    if (limit.isEmpty() && !processors) {
      return wanted;
    }
    try (QmpClient qmp = QmpClient.connect(directory.vm().path(), PATIENCE)) {
      RunningVm vm = new RunningVm(qmp, PATIENCE);
      RunningVm.Memory memory = vm.memory();
      long memoryMiB = memory.memoryMiB();
      if (limit.isPresent()) {
        long needed =
            Math.min(
                VmSize.needed(limit.getAsLong(), memory.diskBytes()),
                Math.max(host.memoryMiB(), memoryMiB));
        long missing = Math.max(0, needed - memoryMiB);
        if (missing > 0) {
          OptionalInt pageMiB = vm.hugePageMiB();
          long block = RunningVm.blockMiB(pageMiB);
          long step = (missing + block - 1) / block * block;
          if (memory.steps() >= Growth.STEPS) {
            throw new EngineException(
                document
                    + ": memory.limit: "
                    + limit.getAsLong()
                    + ": the container's virtual machine has "
                    + memoryMiB
                    + " MiB, and has grown as often as it can; make the container anew to give it"
                    + " more");
          }
          if (pageMiB.isPresent()) {
            HostHugePages.ofHost()
                .require(
                    document + ": memory.limit: " + limit.getAsLong(), pageMiB.getAsInt(), step);
          }
          memoryMiB += step;
          onHost(document, cgroup, asked, new VmSize((int) memoryMiB, 1));
          vm.plugMemory(memory, step, pageMiB);
        }
      }
      if (processors) {
        vm.plugProcessors(wanted.vcpus());
      }
      return new VmSize((int) memoryMiB, wanted.vcpus());
    } catch (IOException failed) {
      throw new EngineException(
          document + ": the container's virtual machine can't grow: " + failed.getMessage(),
          failed);
    }
  }

  /** Before the guest, which is never given more than the host lets its VM have. */
  private static void onHost(String document, HostCgroup cgroup, Resources resources, VmSize size) {
    HostLimits limits = HostLimits.of(resources, size);
    Version version = cgroup.version();
    try {
      if (cgroup.scope().isPresent()) {
        List<UnitProperty> properties =
            new ArrayList<>(UnitProperty.of(version, limits.memory(), limits.cpu()));
        properties.addAll(UnitProperty.ofBandwidth(limits.cpu()));
        // First: systemd rounds what it writes.
        SystemdScope.set(cgroup.scope().get(), properties);
      }
      CgroupLimits.write(cgroup, limits.settings(version));
      CgroupLimits.write(cgroup, limits.bandwidth(version));
    } catch (CgroupException refused) {
      throw new EngineException(document + ": " + refused.getMessage(), refused);
    }
  }
}
