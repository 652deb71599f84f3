package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineException;
import dev.limpid.vm.cgroup.CpuSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How large this host is.
 *
 * @param memoryMiB memory in MiB
 * @param processors those that can be used, at least 1
 */
record HostSize(long memoryMiB, int processors) {
  private static final Path MEMORY = Path.of("/proc/meminfo");
  private static final String TOTAL = "MemTotal:";
  private static final long KIB_PER_MIB = 1024;

  /** Looks. */
  static HostSize read() {
    try {
      return new HostSize(memoryMiB(Files.readString(MEMORY)), Math.max(1, CpuSet.online()));
    } catch (IOException failed) {
      throw new EngineException("the size of this host: " + failed.getMessage(), failed);
    }
  }

  static long memoryMiB(String meminfo) throws IOException {
    for (String line : meminfo.split("\n", -1)) {
      if (line.startsWith(TOTAL)) {
        String amount = line.substring(TOTAL.length()).strip();
        return Long.parseLong(amount.substring(0, amount.indexOf(' '))) / KIB_PER_MIB;
      }
    }
    throw new IOException(MEMORY + ": has no " + TOTAL);
  }
}
