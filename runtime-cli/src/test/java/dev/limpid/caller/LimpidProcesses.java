package dev.limpid.caller;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What runs on the host for containers of one root. */
final class LimpidProcesses {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private LimpidProcesses() {}

  /** The command lines of all processes that work in, or speak of, a folder. */
  static List<String> of(Path folder) throws IOException {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        String text = commandLine(process);
        if (text.contains(folder.toString())
            && (text.contains("limpid") || text.contains("qemu") || text.contains("virtiofsd"))) {
          found.add(process.getFileName() + ": " + text);
        }
      }
    }
    return found;
  }

  /** Waits until none is left, and tells which are if that does not come about. */
  static List<String> leftOf(Path folder) throws IOException, InterruptedException {
    return leftOf(folder, List.of());
  }

  /** The same, but for processes that speak of containers that are to stay. */
  static List<String> leftOf(Path folder, List<String> staying)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    List<String> left = of(folder, staying);
    while (!left.isEmpty() && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(50);
      left = of(folder, staying);
    }
    return left;
  }

  /** Ends the QEMU that a shim has started. */
  static void killHypervisor(String shim) throws IOException {
    Path children = Path.of("/proc", shim, "task", shim, "children");
    for (String child : Files.readString(children).strip().split(" ", -1)) {
      if (Files.readString(Path.of("/proc", child, "comm")).startsWith("qemu")) {
        ProcessHandle.of(Long.parseLong(child)).orElseThrow().destroyForcibly();
        return;
      }
    }
    throw new AssertionError("there is no QEMU");
  }

  private static List<String> of(Path folder, List<String> staying) throws IOException {
    List<String> found = of(folder);
    found.removeIf(process -> staying.stream().anyMatch(process::contains));
    return found;
  }

  private static String commandLine(Path process) {
    try {
      byte[] bytes = Files.readAllBytes(process.resolve("cmdline"));
      return new String(bytes, StandardCharsets.UTF_8).replace('\0', ' ');
    } catch (IOException gone) {
      return "";
    }
  }
}
