package dev.limpid.engine.lifecycle;

import dev.limpid.oci.ContainerId;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a container is made of.
 *
 * @param id its name
 * @param bundle the folder of its config.json; absolute
 * @param pidFile where to write the pid of its shim; absolute
 * @param consoleSocket who gets its terminal; absolute
 * @param attachment what the verb does after the container has been made
 */
public record CreateRequest(
    ContainerId id,
    Path bundle,
    Optional<Path> pidFile,
    Optional<Path> consoleSocket,
    Attachment attachment) {

  /** Whether somebody stays with the container. */
  public enum Attachment {
    /** The verb ends, the container goes on. */
    DETACHED,
    /** The verb waits for the container's end; its terminal is the container's. */
    ATTACHED
  }
}
