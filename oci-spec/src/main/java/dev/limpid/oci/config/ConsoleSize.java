package dev.limpid.oci.config;

/**
 * The size of a terminal (config.md, "Process", {@code consoleSize}).
 *
 * @param height rows, 0 to 65535
 * @param width columns, 0 to 65535
 */
public record ConsoleSize(int height, int width) {}
