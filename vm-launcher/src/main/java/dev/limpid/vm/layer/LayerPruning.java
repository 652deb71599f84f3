package dev.limpid.vm.layer;

import java.time.Instant;

/**
 * Which images are to go, of those that no VM uses: the one that was not used for the longest time
 * first.
 *
 * @param keepBytes none goes any more once all that are left take no more than this
 * @param usedBefore none goes that was used at this time or later
 */
public record LayerPruning(long keepBytes, Instant usedBefore) {}
