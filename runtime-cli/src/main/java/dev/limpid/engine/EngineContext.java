package dev.limpid.engine;

import dev.limpid.engine.trace.Trace;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;

/**
 * What every verb's work needs to know of its surroundings.
 *
 * @param root where the state of containers is kept; absolute
 * @param home the folder of Limpid's own files; absolute
 * @param environment the caller's environment
 * @param clock the time
 * @param journal where to say what is no failure
 * @param trace where to say what is done when
 * @param log the file that messages go to, also those of the shim after the verb has ended
 * @param logFormat {@code text} or {@code json}
 * @param systemdCgroup whether systemd makes the control groups of new containers
 */
public record EngineContext(
    Path root,
    Path home,
    Map<String, String> environment,
    Clock clock,
    Journal journal,
    Trace trace,
    Optional<Path> log,
    String logFormat,
    boolean systemdCgroup) {}
