package dev.limpid.vm.tool;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A program that dies with this process, and whose words are kept up to a bound. */
public final class ToolProcess {
  private static final int POLL_MILLIS = 200;

  private final Process process;
  private final String name;

  private ToolProcess(Process process, String name) {
    this.process = process;
    this.name = name;
  }

  /**
   * How it ended.
   *
   * @param status its exit status; 128 plus the number for a signal
   * @param output the first of what it has written
   */
  public record Ended(int status, String output) {}

  /** Called while the program runs. */
  public interface Watcher {
    /**
     * Looks.
     *
     * @throws IOException if the program is to be ended because of what it sees
     */
    void look() throws IOException;
  }

  /**
   * Starts a program, which is looked for where the host's own programs are.
   *
   * @param command the program and its arguments
   * @param folder its working directory; absolute
   * @throws IOException if it can't be started
   */
  public static ToolProcess start(List<String> command, Path folder) throws IOException {
    return start(command, folder, Map.of());
  }

  /**
   * The same, of one that is told something by its environment.
   *
   * @param variables what it has there besides its path and the language C
   */
  public static ToolProcess start(List<String> command, Path folder, Map<String, String> variables)
      throws IOException {
    List<String> all = new ArrayList<>(command.size() + 4);
    // A verb that is killed takes this with it.
    all.addAll(List.of("setpriv", "--pdeathsig", "KILL", "--"));
    all.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(all).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().clear();
    builder
        .environment()
        .put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    builder.environment().put("LC_ALL", "C");
    builder.environment().putAll(variables);
    Process process = builder.start();
    process.getOutputStream().close();
    return new ToolProcess(process, command.get(0));
  }

  /**
   * Waits for its end.
   *
   * @param maxOutput how much of its output is kept, in bytes
   * @throws IOException if the wait is interrupted; the program is ended then
   */
  public Ended toEnd(int maxOutput) throws IOException {
    try {
      byte[] output = process.getInputStream().readNBytes(maxOutput);
      process.getInputStream().transferTo(OutputStream.nullOutputStream());
      return new Ended(process.waitFor(), new String(output, StandardCharsets.UTF_8).strip());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(name + ": interrupted", interrupted);
    } finally {
      process.destroyForcibly();
    }
  }

  /**
   * The same, with somebody who looks several times a second how far it is.
   *
   * @param watcher who looks
   */
  public Ended toEnd(int maxOutput, Watcher watcher) throws IOException {
    try {
      InputStream said = process.getInputStream();
      ByteArrayOutputStream output = new ByteArrayOutputStream();
      while (process.isAlive()) {
        take(said, output, maxOutput);
        watcher.look();
        Thread.sleep(POLL_MILLIS);
      }
      take(said, output, maxOutput);
      return new Ended(process.waitFor(), output.toString(StandardCharsets.UTF_8).strip());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(name + ": interrupted", interrupted);
    } finally {
      process.destroyForcibly();
    }
  }

  private static void take(InputStream said, ByteArrayOutputStream output, int maxOutput)
      throws IOException {
    while (said.available() > 0) {
      byte[] some = said.readNBytes(said.available());
      output.write(some, 0, Math.min(some.length, maxOutput - output.size()));
    }
  }
}
