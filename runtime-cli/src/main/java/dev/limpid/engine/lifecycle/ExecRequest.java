package dev.limpid.engine.lifecycle;

import dev.limpid.oci.ContainerId;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process to start in a running container.
 *
 * @param id the container
 * @param process which process
 * @param pidFile where to write the pid of its shim; absolute
 * @param consoleSocket who gets its terminal; absolute
 * @param detached whether the verb ends and the process goes on
 */
public record ExecRequest(
    ContainerId id,
    ExecSpecification process,
    Optional<Path> pidFile,
    Optional<Path> consoleSocket,
    boolean detached) {}
