package dev.limpid.oci.config;

/**
 * The I/O priority of a process (config.md, "Linux Process", {@code ioPriority}).
 *
 * @param ioClass one of IOPRIO_CLASS_RT, IOPRIO_CLASS_BE and IOPRIO_CLASS_IDLE
 * @param priority 0, the highest, to 7
 */
public record IoPriority(String ioClass, int priority) {}
