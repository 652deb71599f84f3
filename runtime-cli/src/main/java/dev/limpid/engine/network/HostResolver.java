package dev.limpid.engine.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The name server that Docker puts into the namespaces of its networks: a socket of the daemon's,
 * bound to 127.0.0.11, to which packet filters lead what is sent to port 53.
 */
final class HostResolver {
  /** 127.0.0.11 as the kernel's tables have it. */
  private static final String ADDRESS = "0B00007F:";

  private HostResolver() {}

  /**
   * Whether there is one.
   *
   * @param process a process in the namespace, as {@code /proc/<pid>}
   */
  static boolean isIn(Path process) {
    try {
      return isIn(Files.readString(process.resolve("net/udp")));
    } catch (IOException gone) {
      return false;
    }
  }

  static boolean isIn(String table) {
    for (String line : table.split("\n", -1)) {
      String[] columns = line.strip().split(" +", -1);
      if (columns.length > 1 && columns[1].toUpperCase(Locale.ROOT).startsWith(ADDRESS)) {
        return true;
      }
    }
    return false;
  }
}
