package dev.limpid.behaviour;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** An overlay as an engine makes it for a container. */
final class TestOverlay {
  private TestOverlay() {}

  /**
   * Mounts one with an empty upper directory; it is unmounted when the sandbox is closed.
   *
   * @param lowers the lower directories, the uppermost first
   * @return where it is
   */
  static Path mount(Sandbox sandbox, Path... lowers) throws Exception {
    Path container = Files.createDirectory(sandbox.path("container"));
    for (String name : List.of("diff", "work", "merged")) {
      Files.createDirectory(container.resolve(name));
    }
    Path merged = container.resolve("merged");
    String layers = List.of(lowers).stream().map(Path::toString).collect(Collectors.joining(":"));
    String options =
        String.join(
            ",",
            "lowerdir=" + layers,
            "upperdir=" + container.resolve("diff"),
            "workdir=" + container.resolve("work"));
    sandbox.hostCommand(
        List.of("mount", "-t", "overlay", "overlay", "-o", options, merged.toString()),
        List.of("umount", merged.toString()));
    return merged;
  }
}
