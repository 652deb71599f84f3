package dev.limpid.oci.config;

/**
 * How far a clock of the time namespace is from the host's (config-linux.md, "Offset for Time
 * Namespace").
 *
 * @param secs seconds
 * @param nanosecs nanoseconds to be added to that, 0 to 999999999
 */
public record TimeOffset(long secs, long nanosecs) {}
