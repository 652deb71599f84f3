package dev.limpid.oci.config;

import java.util.Optional;

/**
 * The CPUs on which a process of {@code exec} starts (config.md, "Linux Process", {@code
 * execCPUAffinity}).
 *
 * @param beforeCgroup until it is in the container's cgroup ({@code initial}), for example {@code
 *     0-3,6}
 * @param inCgroup from then on ({@code final})
 */
public record ExecCpuAffinity(Optional<String> beforeCgroup, Optional<String> inCgroup) {}
