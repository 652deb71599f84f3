package dev.limpid.behaviour;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * An overlay of the host, mounted as an engine would: {@code diff}, {@code work}, {@code merged}.
 */
final class HostOverlay {
  private final Sandbox sandbox;
  private final Path folder;

  private HostOverlay(Sandbox sandbox, Path folder) {
    this.sandbox = sandbox;
    this.folder = folder;
  }

  /** One over a lower directory, in a folder that is made if it is not there. */
  static HostOverlay mount(Sandbox sandbox, Path lower, Path folder) throws Exception {
    for (String name : List.of("diff", "work", "merged")) {
      Files.createDirectories(folder.resolve(name));
    }
    String merged = folder.resolve("merged").toString();
    sandbox.hostCommand(
        List.of(
            "mount",
            "-t",
            "overlay",
            "overlay",
            "-o",
            "lowerdir=%s,upperdir=%s,workdir=%s"
                .formatted(lower, folder.resolve("diff"), folder.resolve("work")),
            merged),
        List.of("umount", merged));
    return new HostOverlay(sandbox, folder);
  }

  /** A lower directory with a system in it, and some more to change. */
  static Path lower(Sandbox sandbox) throws Exception {
    Path lower = Files.createDirectory(sandbox.path("lower"));
    TestBundle.fillRootfs(lower);
    for (int i = 0; i < 4; i++) {
      Path directory = Files.createDirectories(lower.resolve("data/" + i));
      Files.writeString(directory.resolve("file"), "of the layer " + i + "\n");
    }
    return lower;
  }

  Path folder() {
    return folder;
  }

  Path upper() {
    return folder.resolve("diff");
  }

  Path merged() {
    return folder.resolve("merged");
  }

  /** All that can be seen of the upper directory. */
  String seen() throws Exception {
    return sandbox
        .runtime()
        .toEnd(new ProcessBuilder(sandbox.helper("upper_tree.py", upper().toString())))
        .succeeded()
        .out();
  }

  /** The names beside the upper directory; an engine expects its own there. */
  List<String> beside() throws IOException {
    try (var names = Files.list(folder)) {
      return names.map(name -> name.getFileName().toString()).sorted().toList();
    }
  }
}
