package dev.limpid.oci.config;

import java.util.List;

/**
 * The execution domain (config-linux.md, "Personality").
 *
 * @param domain LINUX or LINUX32
 * @param flags additional flags; the specification defines none
 */
public record Personality(String domain, List<String> flags) {
  /** Copies the collections. */
  public Personality {
    flags = List.copyOf(flags);
  }
}
