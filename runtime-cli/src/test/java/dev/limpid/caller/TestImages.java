package dev.limpid.caller;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The root filesystems of the images that the tests run, as tar files. */
final class TestImages {
  private static final Path BUSYBOX = Path.of("/bin/busybox");

  private TestImages() {}

  /** A shell and its companions, all of them busybox. */
  static Path busybox(Path work) throws IOException {
    Path root = Files.createDirectories(work.resolve("busybox"));
    Path bin = Files.createDirectories(root.resolve("bin"));
    Files.copy(BUSYBOX, bin.resolve("busybox"));
    bin.resolve("busybox").toFile().setExecutable(true, false);
    String applets = command(BUSYBOX.toString()).run("--list").ok();
    for (String applet : applets.split("\n", -1)) {
      if (!applet.equals("busybox")) {
        Files.createSymbolicLink(bin.resolve(applet), Path.of("busybox"));
      }
    }
    for (String folder : List.of("etc", "tmp", "root")) {
      Files.createDirectories(root.resolve(folder));
    }
    Files.writeString(root.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    Files.writeString(root.resolve("etc/plain"), "not a program\n");
    Path tar = work.resolve("busybox.tar");
    command("tar").run("-C", root.toString(), "-cf", tar.toString(), ".").ok();
    return tar;
  }

  /** Debian's smallest, with python3, redis, nginx and tools of networking; kept between runs. */
  static Path debian() {
    String cache = System.getenv().getOrDefault("LIMPID_CACHE", "/var/cache/limpid/build");
    return Path.of(command(CallerCommand.script("make-debian-image")).run(cache).ok());
  }

  /**
   * An image as a file that containerd takes, which has no command to make one of a tar file;
   * podman has.
   *
   * @param tar of the root filesystem
   * @param changes as of a Dockerfile
   */
  static Path archive(Path work, Path tar, String name, String... changes) {
    Path archive = work.resolve(name.replaceAll("[^a-z]", "-") + ".tar");
    CallerCommand podman =
        new CallerCommand(
            List.of(
                "podman",
                "--root",
                work.resolve("podman").toString(),
                "--runroot",
                work.resolve("podman-run").toString(),
                "--storage-driver",
                "vfs"),
            Map.of());
    List<String> arguments = new ArrayList<>(List.of("import"));
    for (String change : changes) {
      arguments.addAll(List.of("-c", change));
    }
    arguments.addAll(List.of(tar.toString(), name));
    podman.run(arguments.toArray(new String[0])).ok();
    podman.run("save", "-o", archive.toString(), name).ok();
    return archive;
  }

  private static CallerCommand command(String program) {
    return new CallerCommand(List.of(program), Map.of());
  }
}
