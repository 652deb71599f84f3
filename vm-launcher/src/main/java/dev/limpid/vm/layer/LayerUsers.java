package dev.limpid.vm.layer;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which VMs have an image mapped. The kernel knows that of every process, whichever {@code --root}
 * its container was made with, and forgets it when the process is gone.
 */
final class LayerUsers {
  private static final String SUFFIX = ".erofs";

  private final Map<String, Set<String>> containers = new HashMap<>();

  private LayerUsers() {}

  /**
   * Looks at all processes.
   *
   * @param proc where procfs is mounted
   */
  static LayerUsers of(Path proc) throws IOException {
    LayerUsers users = new LayerUsers();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        users.add(process);
      }
    }
    return users;
  }

  /** For who does not need to know: looking costs some 100 µs a process. */
  static LayerUsers unknown() {
    return new LayerUsers();
  }

  private void add(Path process) {
    Set<String> images = new HashSet<>();
    // Bytes: the files that others have mapped have names of any kind.
    try (BufferedReader maps =
        Files.newBufferedReader(process.resolve("maps"), StandardCharsets.ISO_8859_1)) {
      for (String line = maps.readLine(); line != null; line = maps.readLine()) {
        int end = line.lastIndexOf(SUFFIX);
        int slash = line.lastIndexOf('/', end);
        if (end >= 0 && slash >= 0) {
          images.add(line.substring(slash + 1, end));
        }
      }
    } catch (IOException gone) {
      // What it had mapped until then counts.
    }
    if (images.isEmpty()) {
      return;
    }
    String container = container(process);
    for (String uuid : images) {
      containers.computeIfAbsent(uuid, none -> new TreeSet<>()).add(container);
    }
  }

  /** QEMU's working directory is its container's directory, whose name is the container's id. */
  private static String container(Path process) {
    try {
      Path name = Files.readSymbolicLink(process.resolve("cwd")).getFileName();
      if (name != null) {
        return name.toString();
      }
    } catch (IOException gone) {
      // What it had mapped has been seen.
    }
    return "pid " + process.getFileName();
  }

  /** The ids of the containers whose VMs have an image mapped, sorted. */
  List<String> of(String uuid) {
    return new ArrayList<>(containers.getOrDefault(uuid, Set.of()));
  }
}
