package dev.limpid.config;

import dev.limpid.engine.EngineException;

/** The configuration file can't be read, or says something that makes no sense. */
public final class ConfigurationException extends EngineException {
  private static final long serialVersionUID = 1L;

  ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
