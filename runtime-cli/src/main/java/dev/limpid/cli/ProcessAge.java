package dev.limpid.cli;

import dev.limpid.engine.container.HostProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How long this process has been there, which begins with the launcher's shell. */
final class ProcessAge {
  private static final Path UPTIME = Path.of("/proc/uptime");

  /** A clock tick as /proc has it, the same on all architectures. */
  private static final long MICROS_OF_TICK = 10_000;

  private ProcessAge() {}

  /**
   * Reads it, as exactly as the kernel tells.
   *
   * @return microseconds, up to 10,000 too many or too few; not negative
   */
  static long micros() throws IOException {
    HostProcess self = HostProcess.of(ProcessHandle.current().pid());
    return micros(Files.readString(UPTIME), self.startTime());
  }

  /**
   * Calculates it.
   *
   * @param uptime the text of /proc/uptime: seconds with two decimals, and another number
   * @param startTime in clock ticks after boot
   */
  static long micros(String uptime, long startTime) {
    String seconds = uptime.substring(0, uptime.indexOf(' '));
    long ticks = Long.parseLong(seconds.replace(".", ""));
    return Math.max(ticks - startTime, 0) * MICROS_OF_TICK;
  }
}
