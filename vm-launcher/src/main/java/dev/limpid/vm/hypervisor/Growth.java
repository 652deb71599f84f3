package dev.limpid.vm.hypervisor;

/**
 * What may be plugged into a virtual machine while it runs.
 *
 * @param memoryMiB memory in MiB, all together
 * @param steps in how many pieces, at most
 * @param vcpus how many processors there may be then; no more than there are: none is added
 */
public record Growth(long memoryMiB, int steps, int vcpus) {
  /** Nothing. */
  public static final Growth NONE = new Growth(0, 0, 0);

  /**
   * Pieces of memory that a VM can be given. What serves its folders can know of eight pieces in
   * all, and the memory that it starts with may be two.
   */
  public static final int STEPS = 5;
}
