package dev.limpid.oci.config;

import java.util.Optional;

/**
 * Allocation of cache and memory bandwidth (config-linux.md, "IntelRdt").
 *
 * @param closId the name of the class of service, one name of a directory
 * @param l3CacheSchema how the cache is shared
 * @param memBwSchema how the memory bandwidth is shared
 * @param enableCmt whether the use of the cache is monitored
 * @param enableMbm whether the use of the memory bandwidth is monitored
 */
public record IntelRdt(
    Optional<String> closId,
    Optional<String> l3CacheSchema,
    Optional<String> memBwSchema,
    boolean enableCmt,
    boolean enableMbm) {}
