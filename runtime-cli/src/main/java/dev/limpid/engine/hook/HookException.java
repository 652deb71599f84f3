package dev.limpid.engine.hook;

import dev.limpid.engine.EngineException;

/** A hook could not be run, failed, or took longer than it may. */
public final class HookException extends EngineException {
  private static final long serialVersionUID = 1L;

  HookException(String message) {
    super(message);
  }
}
