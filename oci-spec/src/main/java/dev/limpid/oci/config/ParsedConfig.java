package dev.limpid.oci.config;

import java.util.List;

/**
 * What reading a config.json gave.
 *
 * @param config the configuration
 * @param warnings one line for everything that is tolerated though the specification forbids it,
 *     with the path of the value
 */
public record ParsedConfig(Config config, List<String> warnings) {
  /** Copies the collections. */
  public ParsedConfig {
    warnings = List.copyOf(warnings);
  }
}
