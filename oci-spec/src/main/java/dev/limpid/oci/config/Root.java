package dev.limpid.oci.config;

/**
 * The container's root filesystem (config.md, "Root").
 *
 * @param path the directory, absolute or relative to the bundle
 * @param readonly whether the container may not write to it
 */
public record Root(String path, boolean readonly) {}
