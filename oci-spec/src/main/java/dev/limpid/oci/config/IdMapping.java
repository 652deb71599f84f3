package dev.limpid.oci.config;

/**
 * A range of user or group ids and what they are outside (config-linux.md, "User namespace
 * mappings").
 *
 * @param containerId the first id inside, 0 to 2^32-1
 * @param hostId the first id outside, 0 to 2^32-1
 * @param size how many, 1 to 2^32-1
 */
public record IdMapping(long containerId, long hostId, long size) {}
