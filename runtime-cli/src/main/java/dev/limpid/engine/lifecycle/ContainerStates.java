package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.state.ContainerState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What {@code state} and {@code list} tell (runtime.md, "Query State"). */
public final class ContainerStates {
  private final EngineContext context;
  private final ContainerStore store;

  /** States of the containers below the context's root. */
  public ContainerStates(EngineContext context) {
    this.context = context;
    store = new ContainerStore(context.root());
  }

  /**
   * The state of one container.
   *
   * @throws EngineException if there is none of this id
   */
  public ContainerState of(ContainerId id) {
    ContainerDirectory directory = store.find(id);
    return of(directory, directory.required());
  }

  /** The states of all containers, in the order of their ids. */
  public List<ContainerState> all() {
    List<ContainerState> states = new ArrayList<>();
    for (ContainerDirectory directory : store.list()) {
      try {
        Optional<ContainerRecord> container = directory.read();
        if (container.isPresent()) {
          states.add(of(directory, container.get()).ownedBy(directory.owner()));
        }
      } catch (EngineException unreadable) {
        // Engines keep the containers of all their runtimes below one root.
        context.journal().warn("not a container of limpid: " + unreadable.getMessage());
      }
    }
    return states;
  }

  /** The state of a container, of which this is known. */
  static ContainerState of(ContainerDirectory directory, ContainerRecord container) {
    return container.state(directory.status(container));
  }
}
