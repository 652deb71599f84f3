package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerLock;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.network.ContainerNetwork;
import dev.limpid.oci.ContainerId;

/**
 * Gives a container what has come into its network namespace since it was started, and takes away
 * what has gone. The shim asks for it when it sees that something has changed there.
 */
public final class NetworkRefresh {
  private final EngineContext context;

  /** Looks at containers below the context's root. */
  public NetworkRefresh(EngineContext context) {
    this.context = context;
  }

  /**
   * Looks at a container's network. There is nothing to do for one that does not run, or is in the
   * VM of another one.
   *
   * @throws dev.limpid.engine.EngineException if the VM can't be given what has changed
   */
  @SuppressWarnings("try") // The lock is held, not used.
  public void refresh(ContainerId id) {
    ContainerDirectory directory = new ContainerStore(context.root()).find(id);
    try (ContainerLock lock = directory.lock()) {
      ContainerRecord container = directory.required();
      if (container.phase() != ContainerRecord.Phase.RUNNING
          || container.shim().isEmpty()
          || directory.hasEnded(container)
          || directory.membership().isPresent()) {
        return;
      }
      if (container.paused()) {
        // Its processes stay frozen; its kernel and its agent have to run.
        ContainerPause.awaken(directory);
      }
      try {
        ContainerNetwork.of(directory, container.shim().get(), context.journal())
            .update(request -> AgentCall.of(directory, container, request));
      } finally {
        if (container.paused() && !directory.hasEnded(container)) {
          ContainerPause.halt(directory);
        }
      }
    }
  }
}
