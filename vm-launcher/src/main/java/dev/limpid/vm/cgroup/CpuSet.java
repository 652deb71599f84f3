package dev.limpid.vm.cgroup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/** Sets of processors or memory nodes, as cpuset(7) writes them. */
public final class CpuSet {
  private static final Path ONLINE = Path.of("/sys/devices/system/cpu/online");
  private static final Path POSSIBLE = Path.of("/sys/devices/system/cpu/possible");
  private static final Path NODES = Path.of("/sys/devices/system/node/possible");

  private CpuSet() {}

  /**
   * Reads a list such as {@code 0-3,6} or {@code 0-31:2/4}.
   *
   * @param list has been checked
   */
  public static BitSet parse(String list) {
    BitSet set = new BitSet();
    for (String range : list.strip().split(",", -1)) {
      int colon = range.indexOf(':');
      String bounds = colon < 0 ? range : range.substring(0, colon);
      int hyphen = bounds.indexOf('-');
      int first = Integer.parseInt(hyphen < 0 ? bounds : bounds.substring(0, hyphen));
      int last = hyphen < 0 ? first : Integer.parseInt(bounds.substring(hyphen + 1));
      if (colon < 0) {
        set.set(first, last + 1);
        continue;
      }
      int slash = range.indexOf('/');
      int used = Integer.parseInt(range.substring(colon + 1, slash));
      int group = Integer.parseInt(range.substring(slash + 1));
      for (int at = first; at <= last; at += group) {
        set.set(at, Math.min(at + used, last + 1));
      }
    }
    return set;
  }

  /**
   * How many processors this host has that can be used.
   *
   * @throws IOException if the kernel does not tell
   */
  public static int online() throws IOException {
    return parse(Files.readString(ONLINE)).cardinality();
  }

  /** The processors that this host can have; empty if the kernel does not tell. */
  public static BitSet possible() {
    return read(POSSIBLE);
  }

  /** The memory nodes that this host can have; empty if the kernel does not tell. */
  public static BitSet possibleNodes() {
    return read(NODES);
  }

  private static BitSet read(Path file) {
    try {
      return parse(Files.readString(file));
    } catch (IOException absent) {
      return new BitSet();
    }
  }
}
