package dev.limpid.oci.state;

/** Where a container is in its life (runtime.md, "State", {@code status}). */
public enum Status {
  /** Between the beginning and the end of create. */
  CREATING("creating"),
  /** The container is there and its program has not run yet. */
  CREATED("created"),
  /** The program runs. */
  RUNNING("running"),
  /** The program is frozen; runc's addition to the specification. */
  PAUSED("paused"),
  /** The program has ended. */
  STOPPED("stopped");

  private final String specName;

  Status(String specName) {
    this.specName = specName;
  }

  /** The name in JSON and in messages. */
  public String specName() {
    return specName;
  }
}
