package dev.limpid.oci.config;

/**
 * A resource limit of a process (config.md, "POSIX process", {@code rlimits}). The limits are
 * unsigned 64-bit values in the bits of a long; no limit is 2^64-1, all bits set.
 *
 * @param type the name, for example {@code RLIMIT_NOFILE}
 * @param soft the limit that is enforced, unsigned
 * @param hard the ceiling of soft, unsigned
 */
public record Rlimit(String type, long soft, long hard) {}
