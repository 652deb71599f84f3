package dev.limpid.cli;

import dev.limpid.engine.Caller;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that a call of {@code limpid} takes from outside. No command reads {@link System}'s
 * streams or properties, so that each can be run and tested inside a JVM that does other things.
 *
 * @param arguments the command line, without the program's name
 * @param environment the caller's environment
 * @param workingDirectory what relative paths are relative to; absolute
 * @param home the folder of Limpid's own files (shim, kernel, image, jars); absolute
 * @param in standard input
 * @param out standard output
 * @param err standard error
 * @param clock the time
 * @param beginNanos what {@link System#nanoTime} said when the program began
 * @param caller who has handed it over, if it has no process of its own
 */
public record Invocation(
    List<String> arguments,
    Map<String, String> environment,
    Path workingDirectory,
    Path home,
    InputStream in,
    PrintStream out,
    PrintStream err,
    Clock clock,
    long beginNanos,
    Optional<Caller> caller) {

  /** Makes the list and the map immutable. */
  public Invocation {
    arguments = List.copyOf(arguments);
    environment = Map.copyOf(environment);
  }
}
