package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;

/** Processes of the host. */
final class HostProcesses {
  private HostProcesses() {}

  static ProcessHandle of(long pid) {
    return ProcessHandle.of(pid).orElseThrow(() -> new AssertionError("no process " + pid));
  }

  /** Whether there is such a process. */
  static boolean isAlive(long pid) {
    return ProcessHandle.of(pid).isPresent();
  }

  /** A process and all that have come of it. */
  static List<ProcessHandle> family(long pid) {
    ProcessHandle process = of(pid);
    return Stream.concat(Stream.of(process), process.descendants()).toList();
  }

  /** Those of a container's processes that run this program. */
  static List<ProcessHandle> running(long pid, String program) {
    List<ProcessHandle> found =
        family(pid).stream()
            .filter(process -> process.info().command().orElse("").endsWith("/" + program))
            .toList();
    assertTrue(!found.isEmpty(), () -> "no " + program + " below process " + pid);
    return found;
  }

  /** Sends SIGKILL. */
  static void kill(ProcessHandle process) {
    assertTrue(process.destroyForcibly());
  }
}
