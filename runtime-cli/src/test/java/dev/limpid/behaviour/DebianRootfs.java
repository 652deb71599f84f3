package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A root filesystem of Debian's, for the containers of a class. */
final class DebianRootfs {
  /** Where a container finds the scripts beside the tests. */
  static final String SCRIPTS = "/scripts";

  private static final Path SOURCES = Path.of("src/test/scripts").toAbsolutePath();

  private final Path directory;

  private DebianRootfs(Path directory) {
    this.directory = directory;
  }

  /** Unpacks one that has tools of networking. */
  static DebianRootfs unpack() throws IOException, InterruptedException {
    return unpack("network");
  }

  /** Unpacks one that has software which asks much of a file system. */
  static DebianRootfs unpackSoftware() throws IOException, InterruptedException {
    return unpack("software");
  }

  private static DebianRootfs unpack(String kind) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("limpid-debian-");
    String cache = System.getenv().getOrDefault("LIMPID_CACHE", "/var/cache/limpid/build");
    String image = output(List.of(SOURCES.resolve("make-debian-image").toString(), cache, kind));
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

  /** Where it is. */
  Path directory() {
    return directory;
  }

  void remove() throws IOException, InterruptedException {
    output(List.of("rm", "-rf", "--one-file-system", directory.toString()));
  }
}
