package dev.limpid.oci.config;

import java.util.List;

/**
 * What reading the process of an {@code exec} gave.
 *
 * @param process the process
 * @param warnings one line for everything that is tolerated though the specification forbids it,
 *     with the path of the value
 */
public record ParsedProcess(ContainerProcess process, List<String> warnings) {
  /** Copies the collections. */
  public ParsedProcess {
    warnings = List.copyOf(warnings);
  }
}
