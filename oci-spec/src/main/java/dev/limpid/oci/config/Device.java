package dev.limpid.oci.config;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A device node to make in the container (config-linux.md, "Devices").
 *
 * @param type what it is
 * @param path where, absolute
 * @param major the major number; 0 for pipes
 * @param minor the minor number; 0 for pipes
 * @param fileMode permission bits, 0 to 07777
 * @param uid the owner
 * @param gid the group
 */
public record Device(
    Type type,
    String path,
    long major,
    long minor,
    OptionalInt fileMode,
    OptionalLong uid,
    OptionalLong gid) {

  /** The kinds of device nodes. */
  public enum Type {
    /** A block device. */
    BLOCK,
    /** A character device, whether written {@code c} or {@code u}. */
    CHARACTER,
    /** A named pipe. */
    PIPE
  }
}
