package dev.limpid.engine.trace;

/**
 * Where the engine says what it does, step by step, for somebody who wants to see where the time
 * goes. Steps that begin while another one lasts are parts of it. One thread alone uses it.
 */
public interface Trace {
  /** Keeps nothing. */
  Trace NONE = new NoTrace();

  /**
   * A step of the verb begins.
   *
   * @param name what is done, in few words that are the same each time
   * @return to be closed when it ends, whether it came to something or failed
   */
  Step begin(String name);

  /**
   * Something begins in a virtual machine, which the verb need not wait for at once.
   *
   * @param shim the pid of the process that stands for the container
   * @param name what is done, in few words that are the same each time
   * @return to be closed when it ends, as far as the verb knows
   */
  Step beginInVm(long shim, String name);
}
