package dev.limpid.proto;

import java.util.OptionalInt;

/**
 * The shim has started what its container needs on the host.
 *
 * @param qemuPid QEMU's process on the host; empty if the container is in another one's VM
 * @param virtiofsdPid virtiofsd's, if there is one
 */
public record Launched(OptionalInt qemuPid, OptionalInt virtiofsdPid) {}
