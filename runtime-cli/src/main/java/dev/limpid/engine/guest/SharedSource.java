package dev.limpid.engine.guest;

import dev.limpid.vm.shim.BindOptions;
import java.nio.file.Path;

/**
 * Something on the host that the guest shall see.
 *
 * @param source a directory or file on the host; absolute, without symbolic links
 * @param name its name in the folder that is shared with the guest
 * @param options how it is bound there
 */
public record SharedSource(Path source, String name, BindOptions options) {}
