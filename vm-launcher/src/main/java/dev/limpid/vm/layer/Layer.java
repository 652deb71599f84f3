package dev.limpid.vm.layer;

import java.nio.file.Path;

/**
 * A directory of the host as an EROFS image.
 *
 * @param image the file; absolute, its size a multiple of 2 MiB
 * @param uuid what the image's superblock holds, which is how a guest finds the device
 * @param bytes the file's size
 */
public record Layer(Path image, String uuid, long bytes) {}
