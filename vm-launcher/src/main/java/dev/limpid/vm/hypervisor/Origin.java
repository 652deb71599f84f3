package dev.limpid.vm.hypervisor;

/** How a virtual machine comes to run its guest. */
public sealed interface Origin permits Origin.Boot, Origin.Template, Origin.Clone {
  /** Its kernel is booted. */
  record Boot() implements Origin {}

  /**
   * The same, of one that others are to be clones of.
   *
   * @param memoryDescriptor that of an empty file in memory, as large as the VM's memory
   */
  record Template(int memoryDescriptor) implements Origin {}

  /**
   * It goes on where a template has been stopped, once its monitor is told to.
   *
   * @param memoryDescriptor that of a copy of the template's memory
   * @param stateDescriptor that of the state of the template's devices
   */
  record Clone(int memoryDescriptor, int stateDescriptor) implements Origin {}
}
