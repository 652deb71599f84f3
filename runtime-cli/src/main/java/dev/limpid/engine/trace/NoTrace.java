package dev.limpid.engine.trace;

/** All that there is of a trace that nobody has asked for. */
final class NoTrace implements Trace, Step {
  @Override
  public Step begin(String name) {
    return this;
  }

  @Override
  public Step beginInVm(long shim, String name) {
    return this;
  }

  @Override
  public void close() {
    // It was never noted that it began.
  }
}
