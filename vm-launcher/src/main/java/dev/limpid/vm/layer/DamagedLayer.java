package dev.limpid.vm.layer;

/**
 * An image that is not what was made.
 *
 * @param layer the image
 * @param reason what is wrong with it
 * @param removed whether it was removed; the next container that needs it has it made again
 */
public record DamagedLayer(StoredLayer layer, String reason, boolean removed) {}
