package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerLock;
import java.util.Optional;

/** A verb's turn to change a container. */
final class OwnTurn {
  private OwnTurn() {}

  /**
   * Waits for it, in a process of its own.
   *
   * @throws dev.limpid.engine.EngineException if the container is gone
   */
  static ContainerLock await(EngineContext context, ContainerDirectory directory) {
    if (context.caller().isEmpty()) {
      return directory.lock();
    }
    Optional<ContainerLock> lock = directory.lockIfFree();
    if (lock.isEmpty()) {
      context.needOwnProcess("another verb changes the container");
    }
    return lock.orElseThrow();
  }
}
