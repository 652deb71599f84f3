package dev.limpid.oci.config;

/**
 * A limit of a cgroup on huge pages (config-linux.md, "Huge page limits").
 *
 * @param pageSize the size as the kernel names it, for example {@code 2MB}
 * @param limit bytes, an unsigned 64-bit value in the bits of a long
 */
public record HugepageLimit(String pageSize, long limit) {}
