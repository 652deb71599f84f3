package dev.limpid.proto.frame;

/** Which way a frame travels, and on which of the two kinds of link. */
public enum Direction {
  /** From the shim to the agent, on the agent link. */
  TO_AGENT(1),
  /** From the agent to the shim, on the agent link. */
  FROM_AGENT(2),
  /** From a verb or an exec shim to the shim, on a control link. */
  TO_SHIM(4),
  /** From the shim to a verb or an exec shim, on a control link. */
  FROM_SHIM(8);

  private final int bit;

  Direction(int bit) {
    this.bit = bit;
  }

  /** Whether such frames go towards the workload. */
  boolean towardsWorkload() {
    return this == TO_AGENT || this == TO_SHIM;
  }

  /** One bit for each direction, for sets of them. */
  int bit() {
    return bit;
  }
}
