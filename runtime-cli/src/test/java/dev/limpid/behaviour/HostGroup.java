package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The control group of a process on this host, of whichever version. */
final class HostGroup {
  private static final Path MOUNTS = Path.of("/sys/fs/cgroup");

  private HostGroup() {}

  /** The mount point of the hierarchy that has a controller. */
  static Path mountPoint(String controller) {
    return isOfVersionTwo() ? MOUNTS : MOUNTS.resolve(controller);
  }

  static boolean isOfVersionTwo() {
    return Files.exists(MOUNTS.resolve("cgroup.controllers"));
  }

  /** The directory of a process's group that a controller applies to. */
  static Path of(long pid, String controller) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "cgroup"))) {
      String[] fields = line.split(":", 3);
      boolean its =
          isOfVersionTwo()
              ? fields[1].isEmpty()
              : List.of(fields[1].split(",", -1)).contains(controller);
      if (its) {
        return Path.of(mountPoint(controller) + fields[2]);
      }
    }
    throw new AssertionError("no hierarchy has the controller " + controller);
  }

  /** The processes in a group. */
  static List<String> processes(Path group) throws IOException {
    return Files.readAllLines(group.resolve("cgroup.procs"));
  }

  /** What a file of a group says; the first name is that of version 1. */
  static String read(Path group, String first, String second) throws IOException {
    Path file = group.resolve(isOfVersionTwo() ? second : first);
    assertTrue(Files.exists(file), file::toString);
    return Files.readString(file).strip();
  }

  /** How many processes the kernel has killed in a group for want of memory. */
  static long oomKills(Path group) throws IOException {
    String text = read(group, "memory.oom_control", "memory.events");
    for (String line : text.lines().toList()) {
      if (line.startsWith("oom_kill ")) {
        return Long.parseLong(line.substring("oom_kill ".length()));
      }
    }
    throw new AssertionError(text);
  }
}
