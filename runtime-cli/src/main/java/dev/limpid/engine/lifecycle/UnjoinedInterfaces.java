package dev.limpid.engine.lifecycle;

import dev.limpid.engine.container.HostProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Interfaces that a container's network namespace has on the host and its VM does not: the caller
 * has set up a network that the workload can't use, which must not pass in silence.
 */
final class UnjoinedInterfaces {
  /** Every namespace has these, as soon as the host's kernel has the drivers. */
  private static final List<String> OF_THE_KERNEL =
      List.of(
          "lo",
          "tunl0",
          "sit0",
          "gre0",
          "gretap0",
          "erspan0",
          "ip_vti0",
          "ip6_vti0",
          "ip6tnl0",
          "ip6gre0");

  private UnjoinedInterfaces() {}

  /**
   * The names of the interfaces.
   *
   * @param shim a process in the namespace
   * @return empty as well if the process has just ended
   */
  static List<String> of(HostProcess shim) {
    try {
      return parse(Files.readString(Path.of("/proc/" + shim.pid() + "/net/dev")));
    } catch (IOException ended) {
      return List.of();
    }
  }

  /** The names in a table as /proc/net/dev has it: a line each, the name before a colon. */
  static List<String> parse(String table) {
    List<String> names = new ArrayList<>();
    for (String line : table.split("\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0 && !OF_THE_KERNEL.contains(line.substring(0, colon).strip())) {
        names.add(line.substring(0, colon).strip());
      }
    }
    return names;
  }
}
