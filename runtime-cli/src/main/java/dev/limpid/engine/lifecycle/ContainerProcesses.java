package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.state.Status;
import java.util.ArrayList;
import java.util.List;

/**
 * The processes of a container as the host has them: the shim that stands for its program, and one
 * for each process that was started by {@code exec}. What runs inside has pids of the guest, which
 * mean nothing on the host.
 */
public final class ContainerProcesses {
  private final EngineContext context;

  /** Processes of the containers below the context's root. */
  public ContainerProcesses(EngineContext context) {
    this.context = context;
  }

  /**
   * Their pids, the container's own first.
   *
   * @throws EngineException if there is no such container, or it does not run
   */
  public List<Long> pids(ContainerId id) {
    ContainerDirectory directory = new ContainerStore(context.root()).find(id);
    ContainerRecord container = directory.required();
    Status status = directory.status(container);
    if (status == Status.STOPPED || container.shim().isEmpty()) {
      throw new EngineException("container not running");
    }
    List<Long> pids = new ArrayList<>();
    pids.add(container.shim().get().pid());
    for (HostProcess process : directory.processes()) {
      pids.add(process.pid());
    }
    return pids;
  }
}
