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
 * @param caller who has handed the verb over, if it has no process of its own
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
    boolean systemdCgroup,
    Optional<Caller> caller) {
  /**
   * Here the verb goes no further without a process of its own. To be called before anything has
   * been done or said.
   *
   * @param reason what takes one
   * @throws DeclinedException if it has none
   */
  public void needOwnProcess(String reason) {
    if (caller.isPresent()) {
      throw new DeclinedException(reason);
    }
  }

  /**
   * From here on the verb changes something: not for a caller that has gone in the meantime, whose
   * container may be gone as well, and its name another's.
   *
   * @throws DeclinedException if there was one, and it has
   */
  public void needCaller() {
    if (caller.isPresent() && !caller.get().waiting().getAsBoolean()) {
      throw new DeclinedException("a caller that has gone");
    }
  }
}
