package dev.limpid.oci.state;

import java.util.Optional;

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

  /** The status of a name in JSON. */
  public static Optional<Status> ofSpecName(String name) {
    for (Status status : values()) {
      if (status.specName.equals(name)) {
        return Optional.of(status);
      }
    }
    return Optional.empty();
  }
}
