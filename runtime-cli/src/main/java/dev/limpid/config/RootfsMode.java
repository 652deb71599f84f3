package dev.limpid.config;

import dev.limpid.oci.json.JsonCursor;

/** How a container's root filesystem gets into its VM (docs/storage.md). */
public enum RootfsMode {
  /** As {@link #LAYERS} if that is possible, else as {@link #SHARED}. */
  AUTO("auto"),
  /** An overlay's lower layers by DAX, its upper directory shared live. */
  LAYERS("layers"),
  /** Everything shared live. */
  SHARED("shared"),
  /** An overlay's lower layers by DAX, what is written on a disk of the VM's own. */
  DISK("disk"),
  /** What is written in the VM's memory. */
  TMPFS("tmpfs");

  private final String word;

  RootfsMode(String word) {
    this.word = word;
  }

  /** Its name in the configuration and in annotations. */
  public String word() {
    return word;
  }

  /**
   * What a text says.
   *
   * @throws dev.limpid.oci.json.InvalidSpecException if it is none of them
   */
  public static RootfsMode of(JsonCursor text) {
    for (RootfsMode each : values()) {
      if (each.word.equals(text.asString())) {
        return each;
      }
    }
    throw text.invalid("must be auto, layers, shared, disk or tmpfs");
  }
}
