package dev.limpid.engine.lifecycle;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.guest.GuestResources;
import dev.limpid.engine.guest.UnsupportedResources;
import dev.limpid.engine.vm.RequestedSize;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.config.Config;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.Cpu;
import dev.limpid.oci.config.Resources;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNumber;
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
import java.util.ArrayList;
import java.util.List;

/** Changes the limits of a running container. */
public final class ContainerUpdate {
  private static final long MIB = 1 << 20;
  private static final long DEFAULT_PERIOD_MICROS = 100_000;

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
  public void update(ContainerId id, String document, JsonObject resources) {
    ContainerDirectory directory = new ContainerStore(context.root()).find(id);
    ContainerRecord container = directory.required();
    Status status = directory.status(container);
    if (status != Status.RUNNING && status != Status.CREATED) {
      throw new EngineException("cannot update a container that is " + status.specName());
    }
    Resources parsed = ConfigParser.parseResources(document, resources);
    UnsupportedResources.refuse(JsonCursor.root(document, resources));
    Config saved = directory.savedConfig();
    VmSize size =
        VmSize.of(
                LimpidConfiguration.load(context.environment(), context.home()),
                saved.linux().resources(),
                0,
                HostSize.read())
            .orAsAsked(RequestedSize.of(JsonCursor.root(ConfigParser.FILE_NAME, saved.raw())));
    long limit = parsed.memory().limit().orElse(-1);
    if (limit > size.workloadBytes()) {
      throw new EngineException(
          document
              + ": memory.limit: "
              + limit
              + ": the container's virtual machine was made with room for "
              + size.workloadBytes() / MIB
              + " MiB; make the container anew to give it more");
    }
    Cpu before = saved.linux().resources().cpu();
    JsonObject whole = withBothOfBandwidth(resources, before);
    onHost(document, container.cgroup(), ConfigParser.parseResources(document, whole), size);
    JsonObject guest =
        GuestResources.translate(whole, context.journal())
            // Rules of devices are those of the creation.
            .without("devices");
    AgentCall.of(directory, container, new UpdateRequest(JsonWriter.compact().write(guest)));
  }

  /** Before the guest, which is never given more than the host lets its VM have. */
  private static void onHost(String document, HostCgroup cgroup, Resources resources, VmSize size) {
    HostLimits limits = HostLimits.of(resources, size);
    Version version = cgroup.version();
    try {
      CgroupLimits.write(cgroup, limits.settings(version));
      CgroupLimits.write(cgroup, limits.bandwidth(version));
      if (cgroup.scope().isPresent()) {
        List<UnitProperty> properties =
            new ArrayList<>(UnitProperty.of(version, limits.memory(), limits.cpu()));
        properties.addAll(UnitProperty.ofBandwidth(limits.cpu()));
        SystemdScope.set(cgroup.scope().get(), properties);
      }
    } catch (CgroupException refused) {
      throw new EngineException(document + ": " + refused.getMessage(), refused);
    }
  }

  /** crun needs the quota and the period together, or it loses one of them. */
  private static JsonObject withBothOfBandwidth(JsonObject resources, Cpu before) {
    if (resources.get("cpu").isEmpty()
        || !(resources.get("cpu").get() instanceof JsonObject cpu)
        || isSet(cpu, "quota") == isSet(cpu, "period")) {
      return resources;
    }
    JsonObject both =
        isSet(cpu, "quota")
            ? cpu.with("period", before.period().orElse(DEFAULT_PERIOD_MICROS))
            : cpu.with("quota", before.quota().orElse(-1));
    return resources.with("cpu", both);
  }

  /** Callers write 0 where they mean nothing. */
  private static boolean isSet(JsonObject cpu, String member) {
    return cpu.get(member).isPresent() && !cpu.get(member).get().equals(JsonNumber.of(0));
  }
}
