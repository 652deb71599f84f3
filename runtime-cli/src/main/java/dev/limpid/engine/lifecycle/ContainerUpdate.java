package dev.limpid.engine.lifecycle;

import dev.limpid.config.LimpidConfiguration;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.guest.GuestResources;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.Cpu;
import dev.limpid.oci.config.Resources;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.state.Status;
import dev.limpid.proto.UpdateRequest;

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
    VmSize size =
        VmSize.of(
            LimpidConfiguration.load(context.environment(), context.home()),
            directory.savedConfig().linux().resources());
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
    JsonObject guest =
        GuestResources.translate(resources, context.journal())
            // Rules of devices are those of the creation.
            .without("devices");
    Cpu before = directory.savedConfig().linux().resources().cpu();
    String text = JsonWriter.compact().write(withBothOfBandwidth(guest, before));
    AgentCall.of(directory, container, new UpdateRequest(text));
  }

  /** crun needs the quota and the period together, or it loses one of them. */
  private static JsonObject withBothOfBandwidth(JsonObject resources, Cpu before) {
    if (resources.get("cpu").isEmpty()
        || !(resources.get("cpu").get() instanceof JsonObject cpu)
        || cpu.get("quota").isPresent() == cpu.get("period").isPresent()) {
      return resources;
    }
    JsonObject both =
        cpu.get("quota").isPresent()
            ? cpu.with("period", before.period().orElse(DEFAULT_PERIOD_MICROS))
            : cpu.with("quota", before.quota().orElse(-1));
    return resources.with("cpu", both);
  }
}
