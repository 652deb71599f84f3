package dev.limpid.engine.container;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * A process on the host, named so that a reused pid is not taken for it.
 *
 * @param pid its process id, above 0
 * @param startTime when it was started, in clock ticks after boot (field 22 of /proc/pid/stat)
 */
public record HostProcess(long pid, long startTime) {
  private static final int STATE = 0;
  private static final int START_TIME = 19;

  /** The process that has this pid now, dead if there is none. */
  public static HostProcess of(long pid) {
    String[] fields = fieldsAfterName(pid);
    return new HostProcess(pid, fields.length == 0 ? 0 : Long.parseLong(fields[START_TIME]));
  }

  /** Whether it runs: a zombie, which only waits for its parent, does not. */
  public boolean isAlive() {
    String[] fields = fieldsAfterName(pid);
    return fields.length != 0
        && Long.parseLong(fields[START_TIME]) == startTime
        && !fields[STATE].equals("Z")
        && !fields[STATE].equals("X");
  }

  /** Sends SIGKILL, if it is still the process it was. */
  public void kill() {
    if (isAlive()) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  /**
   * Waits until it is dead.
   *
   * @param milliseconds how long at most
   * @return whether it is dead
   */
  public boolean awaitDeath(long milliseconds) {
    long deadline = System.nanoTime() + milliseconds * 1_000_000;
    while (isAlive()) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      try {
        Thread.sleep(2);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }

  private static String[] fieldsAfterName(long pid) {
    byte[] stat;
    // Unlike Files, it makes no channel, the first of which takes milliseconds.
    try (FileInputStream in = new FileInputStream("/proc/" + pid + "/stat")) {
      stat = in.readAllBytes();
    } catch (IOException gone) {
      return new String[0];
    }
    String text = new String(stat, StandardCharsets.ISO_8859_1);
    // The name stands in parentheses and may hold some itself.
    return text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
  }
}
