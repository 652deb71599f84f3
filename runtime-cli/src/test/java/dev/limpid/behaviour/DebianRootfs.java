package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A root filesystem with Debian's tools of networking, for the containers of a class. */
final class DebianRootfs {
  /** Where a container finds the scripts beside the tests. */
  static final String SCRIPTS = "/scripts";

  private static final Path SOURCES = Path.of("src/test/scripts").toAbsolutePath();

  private final Path directory;

  private DebianRootfs(Path directory) {
    this.directory = directory;
  }

  /** Unpacks it. */
  static DebianRootfs unpack() throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("limpid-debian-");
    String cache = System.getenv().getOrDefault("LIMPID_CACHE", "/var/cache/limpid/build");
    String image = output(List.of(SOURCES.resolve("make-debian-image").toString(), cache));
    output(List.of("tar", "-C", directory.toString(), "-xf", image));
    return new DebianRootfs(directory);
  }

  /** The path of a script on the host. */
  static String script(String name) {
    return SOURCES.resolve(name).toString();
  }

  private static String output(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertEquals(0, process.waitFor(), command::toString);
    return output;
  }

  /** The same bundle with this as its root, in which a container may send pings. */
  TestBundle in(TestBundle bundle) {
    return bundle
        .root(root -> root.with("path", directory.toString()))
        .mount(SCRIPTS, "bind", SOURCES.toString(), "bind", "ro")
        .capabilities(List.of("bounding", "effective", "permitted", "inheritable"), "CAP_NET_RAW");
  }

  void remove() throws IOException, InterruptedException {
    output(List.of("rm", "-rf", "--one-file-system", directory.toString()));
  }
}
