package dev.limpid.engine.rootfs;

import dev.limpid.oci.json.JsonCursor;

/** How a container's root filesystem is to get into its VM. */
public enum RootfsMode {
  /** The layers of an overlay by DAX, if that is possible; everything else is shared live. */
  AUTO,
  /** By DAX, or not at all. */
  DAX,
  /** Shared live. */
  SHARED;

  /**
   * What an annotation says.
   *
   * @throws dev.limpid.oci.json.InvalidSpecException if it is none of the three
   */
  public static RootfsMode of(JsonCursor annotation) {
    return switch (annotation.asString()) {
      case "auto" -> AUTO;
      case "dax" -> DAX;
      case "shared" -> SHARED;
      default -> throw annotation.invalid("must be auto, dax or shared");
    };
  }
}
