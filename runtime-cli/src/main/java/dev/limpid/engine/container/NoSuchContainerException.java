package dev.limpid.engine.container;

import dev.limpid.engine.EngineException;

/** There is no container of this id, or not any more. */
public final class NoSuchContainerException extends EngineException {
  private static final long serialVersionUID = 1L;

  NoSuchContainerException() {
    super("container does not exist");
  }
}
