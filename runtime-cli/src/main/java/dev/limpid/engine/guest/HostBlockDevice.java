package dev.limpid.engine.guest;

import java.nio.file.Path;

/**
 * A block device of the host that the VM gets as a disk.
 *
 * @param node its node on the host; absolute
 * @param major its major number on the host
 * @param minor its minor number on the host
 * @param readOnly whether the container may only read it
 */
public record HostBlockDevice(Path node, int major, int minor, boolean readOnly) {}
