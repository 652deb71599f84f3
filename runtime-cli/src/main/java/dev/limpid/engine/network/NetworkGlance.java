package dev.limpid.engine.network;

import dev.limpid.engine.container.AtomicFile;
import dev.limpid.engine.container.ContainerDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * What the kernel's tables in {@code /proc/<pid>/net} tell of a namespace at once: its interfaces,
 * addresses and routes, and whether it has a name server. Engines change nothing else without one
 * of these, so that the namespace, which takes several processes to read, need not be read again if
 * they are the same.
 *
 * @param text empty if it can't be told, which is no reason to believe that it is as it was
 */
record NetworkGlance(String text) {
  private static final String FILE = "network.glance";

  /** What is more than this, in characters, takes long to look at. */
  private static final int LONGEST = 64 << 10;

  private static final Pattern OWN_TAP = Pattern.compile("(^|\\s)limpid[0-9]+(:|\\s|$)");

  /**
   * Looks.
   *
   * @param process a process in the namespace, as {@code /proc/<pid>}
   */
  static NetworkGlance at(Path process) {
    Path net = process.resolve("net");
    StringBuilder text = new StringBuilder();
    text.append(HostResolver.isIn(process)).append('\n');
    try {
      // Behind the name are counters.
      append(text, net.resolve("dev"), ":", 1);
      append(text, net.resolve("fib_trie"), "\n", 1);
      // Interface, destination, gateway, flags, two counters that are 0, metric, mask, MTU.
      append(text, net.resolve("route"), "\t", 9);
      if (Files.exists(net.resolve("if_inet6"))) {
        // Address, interface, prefix, scope; then flags, of which some only come and go.
        append(text, net.resolve("if_inet6"), " +", 4);
        // Destination, source, next hop, metric; then counters.
        append(text, net.resolve("ipv6_route"), " ", 6);
      }
    } catch (IOException gone) {
      return new NetworkGlance("");
    }
    return new NetworkGlance(text.length() <= LONGEST ? text.toString() : "");
  }

  /** Keeps it for the verbs that come after this one. */
  void write(ContainerDirectory directory) {
    AtomicFile.write(directory.path().resolve(FILE), text.getBytes(StandardCharsets.UTF_8));
  }

  /** Whether it is the same as the one that was kept last. */
  boolean isAsWritten(ContainerDirectory directory) {
    try {
      return !text.isEmpty() && text.equals(Files.readString(directory.path().resolve(FILE)));
    } catch (IOException none) {
      return false;
    }
  }

  /** The first columns of each line that is not about a tap of ours. */
  private static void append(StringBuilder text, Path table, String separator, int columns)
      throws IOException {
    for (String line : Files.readString(table).split("\n", -1)) {
      if (OWN_TAP.matcher(line).find()) {
        continue;
      }
      String[] parts = line.strip().split(separator, columns + 1);
      for (int i = 0; i < Math.min(columns, parts.length); i++) {
        text.append(parts[i]).append(' ');
      }
      text.append('\n');
    }
  }
}
