package dev.limpid.oci.config;

import java.util.OptionalLong;

/**
 * A limit of a cgroup on an RDMA device (config-linux.md, "RDMA"). Absent is no limit.
 *
 * @param hcaHandles how many handles, 0 to 2^32-1
 * @param hcaObjects how many objects, 0 to 2^32-1
 */
public record RdmaLimit(OptionalLong hcaHandles, OptionalLong hcaObjects) {}
