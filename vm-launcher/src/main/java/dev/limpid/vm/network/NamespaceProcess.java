package dev.limpid.vm.network;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A program that runs to its end in a network namespace, with bounds on its time and its output.
 */
final class NamespaceProcess implements AutoCloseable {
  private static final int MAX_OUTPUT = 8 << 20;
  private static final int MAX_COMPLAINT = 4096;
  private static final int BUFFER = 65536;
  private static final int PATIENCE_SECONDS = 30;
  private static final String USUAL_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final String name;
  private final List<String> command;
  private final Process process;
  private final Thread watch;
  private final Thread listening;
  private volatile String complaint = "";
  private volatile boolean late;

  private NamespaceProcess(String name, List<String> command, Process process) {
    this.name = name;
    this.command = command;
    this.process = process;
    this.watch = new Thread(this::killWhenLate, "namespace-process");
    watch.setDaemon(true);
    this.listening = new Thread(this::listen, "namespace-complaint");
    listening.setDaemon(true);
  }

  /**
   * Starts a program.
   *
   * @param name what errors begin with
   * @param entry the command that enters the namespace
   * @param command the program and its arguments
   * @param input what it reads
   */
  static NamespaceProcess start(
      String name, List<String> entry, List<String> command, Optional<String> input)
      throws IOException {
    List<String> programs = List.of(entry.get(0), command.get(0));
    String path = path();
    for (String program : programs) {
      require(name, program, path);
    }
    List<String> whole = new ArrayList<>(entry);
    whole.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(whole);
    builder.environment().clear();
    builder.environment().put("PATH", path);
    builder.environment().put("LC_ALL", "C");
    Process process;
    try {
      process = builder.start();
    } catch (IOException failed) {
      throw new IOException(name + ": " + failed.getMessage(), failed);
    }
    NamespaceProcess running = new NamespaceProcess(name, command, process);
    running.watch.start();
    running.listening.start();
    running.feed(input.orElse(""));
    return running;
  }

  /**
   * Waits for its end.
   *
   * @return what it printed
   * @throws IOException if it fails, with its own words
   */
  String output() throws IOException {
    return output(0);
  }

  /** Like {@link #output()}, of a program that also ends well with a status up to a worst one. */
  String output(int worst) throws IOException {
    String printed = read(process.getInputStream());
    int status;
    try {
      status = process.waitFor();
      listening.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(name + ": interrupted", interrupted);
    }
    if (late) {
      throw failure("takes longer than " + PATIENCE_SECONDS + " s");
    }
    if (status > worst) {
      throw failure(complaint.isEmpty() ? "exit status " + status : complaint);
    }
    return printed;
  }

  /** Ends it if it has not ended. */
  @Override
  public void close() {
    process.destroyForcibly();
    watch.interrupt();
  }

  private IOException failure(String problem) {
    return new IOException(name + ": " + String.join(" ", command) + ": " + problem);
  }

  /** In a thread of its own if it is more than a pipe holds: the program may print meanwhile. */
  private void feed(String input) {
    byte[] bytes = input.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= 4096) {
      write(bytes);
      return;
    }
    Thread writer = new Thread(() -> write(bytes), "namespace-input");
    writer.setDaemon(true);
    writer.start();
  }

  private void write(byte[] bytes) {
    try (OutputStream out = process.getOutputStream()) {
      out.write(bytes);
    } catch (IOException ended) {
      // Its exit status and its words say why.
    }
  }

  /** In a thread of its own: the program may complain while its output is awaited. */
  private void listen() {
    try (InputStream in = process.getErrorStream()) {
      String said = new String(in.readNBytes(MAX_COMPLAINT), StandardCharsets.UTF_8).strip();
      in.transferTo(OutputStream.nullOutputStream());
      complaint = said;
    } catch (IOException closed) {
      // It was killed, and nobody asks what it said.
    }
  }

  private String read(InputStream in) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] buffer = new byte[BUFFER];
    int count = in.read(buffer);
    while (count >= 0) {
      if (bytes.size() + count > MAX_OUTPUT) {
        throw failure("prints more than " + (MAX_OUTPUT >> 20) + " MiB");
      }
      bytes.write(buffer, 0, count);
      count = in.read(buffer);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private void killWhenLate() {
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        late = true;
        process.destroyForcibly();
      }
    } catch (InterruptedException over) {
      // Nobody waits any more.
    }
  }

  private static void require(String name, String program, String path) throws IOException {
    for (String directory : path.split(":", -1)) {
      if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
        return;
      }
    }
    String origin =
        switch (program) {
          case "ip", "tc" -> ": install iproute2";
          case "nsenter", "unshare" -> ": install util-linux";
          default -> "";
        };
    throw new IOException(name + ": " + program + ": not found" + origin);
  }

  /** Engines are often started without the directories where iproute2 is. */
  private static String path() {
    String own = System.getenv("PATH");
    return own == null || own.isEmpty() ? USUAL_PATH : own + ":" + USUAL_PATH;
  }
}
