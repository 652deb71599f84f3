package dev.limpid.engine.guest;

import java.nio.file.Path;

/**
 * Something on the host that the guest shall see.
 *
 * @param source a directory or file on the host; absolute, without symbolic links
 * @param name its name in the folder that is shared with the guest
 * @param recursive whether mounts below it come along
 * @param readOnly whether the guest may only read it
 */
public record SharedSource(Path source, String name, boolean recursive, boolean readOnly) {}
