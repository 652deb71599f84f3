package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
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
    return running(pid, Set.of(program));
  }

  /** A container's hypervisor, whichever is configured. */
  static List<ProcessHandle> hypervisors(long pid) {
    return running(pid, Set.of("qemu-lite", "qemu-system-x86_64"));
  }

  private static List<ProcessHandle> running(long pid, Set<String> programs) {
    List<ProcessHandle> found =
        family(pid).stream()
            .filter(process -> programs.contains(name(process.info().command().orElse(""))))
            .toList();
    assertTrue(!found.isEmpty(), () -> "none of " + programs + " below process " + pid);
    return found;
  }

  private static String name(String command) {
    return command.substring(command.lastIndexOf('/') + 1);
  }

  /** Sends SIGKILL. */
  static void kill(ProcessHandle process) {
    assertTrue(process.destroyForcibly());
  }
}
