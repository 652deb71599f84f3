package dev.limpid.engine.container;

/**
 * Where a container is that is in the VM of another one.
 *
 * @param vm the directory of the container that the VM was started for
 * @param container the container's number in the guest, above 0
 */
public record Membership(ContainerDirectory vm, int container) {}
