package dev.limpid.vm.layer;

/**
 * How large images may become.
 *
 * @param storeBytes what those in the store may take together, as far as there are some that no VM
 *     uses; 0 for half of the file system
 * @param vmBytes what those of one VM may take together
 */
public record LayerBounds(long storeBytes, long vmBytes) {
  private static final long MIB = 1L << 20;

  /** A guest's kernel takes this part of an image's size from its own memory, to describe it. */
  private static final int PAGE_DESCRIPTORS = 64;

  /** How much of a guest's memory may go that way: a quarter. */
  private static final int SHARE = 4;

  /**
   * For a VM with so much memory.
   *
   * @param storeBytes see above
   * @param memoryBytes the VM's memory
   */
  public static LayerBounds ofVm(long storeBytes, long memoryBytes) {
    return new LayerBounds(storeBytes, memoryBytes / SHARE * PAGE_DESCRIPTORS);
  }

  RefusedLayerException refusal(String what, long bytes) {
    return new RefusedLayerException(
        what
            + " "
            + bytes / MIB
            + " MiB, of which a VM with so little memory can map no more than "
            + vmBytes / MIB
            + " MiB");
  }
}
