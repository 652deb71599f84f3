package dev.limpid.proto;

import java.util.OptionalInt;

/**
 * The shim has started the virtual machine.
 *
 * @param qemuPid QEMU's process on the host
 * @param virtiofsdPid virtiofsd's, if there is one
 */
public record Launched(int qemuPid, OptionalInt virtiofsdPid) {}
