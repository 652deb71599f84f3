package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The host's {@code ps}, of some processes only. */
public final class ProcessTable {
  private static final List<String> DEFAULT_OPTIONS = List.of("-ef");

  private ProcessTable() {}

  /**
   * Runs ps.
   *
   * @param options its options; empty for {@code -ef}
   * @param pids which processes
   * @return ps's heading, and its lines for these processes
   * @throws EngineException if it can't be run, fails, or does not show pids
   */
  public static List<String> of(List<String> options, List<Long> pids) {
    List<String> command = new ArrayList<>();
    command.add("ps");
    command.addAll(options.isEmpty() ? DEFAULT_OPTIONS : options);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      if (status != 0) {
        throw new EngineException("ps: exit status " + status + ": " + text.strip());
      }
      return filter(text, pids);
    } catch (IOException failed) {
      throw new EngineException("ps can't be run: " + failed.getMessage(), failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new EngineException("interrupted", interrupted);
    }
  }

  static List<String> filter(String text, List<Long> pids) {
    String[] lines = text.split("\n", -1);
    int column = List.of(lines[0].strip().split("\\s+", -1)).indexOf("PID");
    if (column < 0) {
      throw new EngineException("ps: couldn't find PID field in its output");
    }
    List<String> shown = new ArrayList<>();
    shown.add(lines[0]);
    for (int i = 1; i < lines.length; i++) {
      String[] fields = lines[i].strip().split("\\s+", -1);
      if (fields.length > column && isOneOf(fields[column], pids)) {
        shown.add(lines[i]);
      }
    }
    return shown;
  }

  private static boolean isOneOf(String field, List<Long> pids) {
    for (long pid : pids) {
      if (field.equals(Long.toString(pid))) {
        return true;
      }
    }
    return false;
  }
}
