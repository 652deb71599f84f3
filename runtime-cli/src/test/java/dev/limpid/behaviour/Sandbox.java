package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.variant.Variant;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A directory for a test, a runtime whose root is in it, and the certainty that nothing is left of
 * its containers afterwards.
 */
final class Sandbox {
  private final Path directory;
  private final OciRuntime runtime;
  private final AtomicInteger names = new AtomicInteger();
  private final List<Process> started = new ArrayList<>();
  private final Deque<List<String>> undo = new ArrayDeque<>();

  private Sandbox(Path directory) {
    this.directory = directory;
    this.runtime = new OciRuntime(directory);
  }

  static Sandbox open() throws IOException {
    Path directory = Files.createTempDirectory("limpid-it-").toRealPath();
    Sandbox sandbox = new Sandbox(directory);
    Files.writeString(
        sandbox.runtime.configuration(),
        Variant.of("{\"layers\": \"" + directory.resolve("layers") + "\"}"));
    return sandbox;
  }

  /** Lets config.json choose what is so called. */
  void allow(String... names) throws IOException {
    JsonObject configuration =
        Json.object(Files.readString(runtime.configuration())).with("allow", Json.strings(names));
    Files.writeString(runtime.configuration(), JsonWriter.compact().write(configuration));
  }

  Path directory() {
    return directory;
  }

  OciRuntime runtime() {
    return runtime;
  }

  /** A path in it that nobody uses yet. */
  Path path(String name) {
    return directory.resolve(name + names.incrementAndGet());
  }

  /** An id that no other container of the host has. */
  String id() {
    return directory.getFileName() + "-" + names.incrementAndGet();
  }

  /** A new bundle. */
  TestBundle bundle() throws IOException, InterruptedException {
    return TestBundle.in(path("bundle"));
  }

  /** One of the programs beside these classes, in Python for what Java can't do. */
  List<String> helper(String name, String... arguments) throws IOException {
    Path program = directory.resolve(name);
    if (!Files.exists(program)) {
      try (InputStream in = Sandbox.class.getResourceAsStream(name)) {
        Files.copy(in, program);
      }
    }
    List<String> command = new ArrayList<>(List.of("python3", program.toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Starts a program that does not outlive this. */
  Process start(ProcessBuilder builder) throws IOException {
    Process process = builder.start();
    started.add(process);
    return process;
  }

  /** Runs something of the host's, which must succeed; when this is closed, what undoes it. */
  void hostCommand(List<String> command, List<String> undoing) throws Exception {
    runtime.toEnd(new ProcessBuilder(command)).succeeded();
    undo.push(undoing);
  }

  /** A block device of the host, of these many bytes, whose content is that of a file. */
  String loopDevice(Path file, long bytes) throws Exception {
    try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
      content.setLength(bytes);
    }
    String device =
        runtime
            .toEnd(new ProcessBuilder("losetup", "--find", "--show", file.toString()))
            .succeeded()
            .lines()[0];
    undo.push(List.of("losetup", "--detach", device));
    return device;
  }

  /** Deletes every container, and fails if anything is left of one. */
  public void close() throws Exception {
    for (Process process : started) {
      process.destroyForcibly();
    }
    Outcome list = runtime.call("list", "-q").succeeded();
    for (String id : list.lines()) {
      runtime.call("delete", "--force", id).succeeded();
    }
    for (List<String> command : undo) {
      // Something that ends may still be in the way: the mount namespace of a container, or a
      // process
      // of another program that was begun while a file system was mounted.
      Await.until(
          String.join(" ", command),
          () -> runtime.toEnd(new ProcessBuilder(command)).status() == 0);
    }
    assertNothingIsLeft();
    removeTree(directory);
  }

  /** Fails unless there is no container, and no trace of one. */
  void assertNothingIsLeft() throws Exception {
    // Whoever dies with another may do so an instant later.
    Await.until("no process is left, but: " + processes(), () -> processes().isEmpty());
    assertEquals(List.of(), mounts());
    assertEquals(List.of(), entries(runtime.root()));
  }

  /** The command lines that name this directory, or a container of it. */
  List<String> processes() throws IOException {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        String commandLine = commandLine(process);
        // By the path, or by the id of a container.
        if (commandLine.contains(directory.getFileName().toString())) {
          found.add(process.getFileName() + " " + commandLine);
        }
      }
    }
    return found;
  }

  private static String commandLine(Path process) {
    try {
      return new String(Files.readAllBytes(process.resolve("cmdline")), StandardCharsets.UTF_8)
          .replace('\0', ' ');
    } catch (IOException gone) {
      return "";
    }
  }

  /** The mounts of the host that name this directory. */
  List<String> mounts() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/mountinfo"))) {
      return lines.filter(line -> line.contains(directory.toString())).toList();
    }
  }

  /** What lies in a directory, all the way down; nothing if there is no such directory. */
  static List<String> entries(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(path -> !path.equals(directory))
          .map(path -> directory.relativize(path).toString())
          .sorted()
          .toList();
    } catch (NoSuchFileException none) {
      return List.of();
    }
  }

  private static void removeTree(Path directory) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(directory)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.delete(path);
    }
    assertTrue(Files.notExists(directory, LinkOption.NOFOLLOW_LINKS));
  }
}
