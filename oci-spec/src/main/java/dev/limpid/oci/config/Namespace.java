package dev.limpid.oci.config;

import java.util.Optional;

/**
 * A namespace of the container (config-linux.md, "Namespaces").
 *
 * @param type which
 * @param path the one to join, absolute; absent: a new one
 */
public record Namespace(NamespaceType type, Optional<String> path) {}
