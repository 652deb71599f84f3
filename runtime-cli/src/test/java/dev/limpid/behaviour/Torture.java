package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The program that tries what file systems promise (src/test/c/torture), and the layers of an
 * overlay on which it does so.
 */
final class Torture {
  /** Where its checks find the root filesystem, and a volume. */
  enum Place {
    ROOT("/beds"),
    VOLUME("/volume");

    private final String path;

    Place(String path) {
      this.path = path;
    }
  }

  private static final Path SOURCES = Path.of("src/test/c/torture").toAbsolutePath();
  private static final Path TARGET = Path.of("target/torture").toAbsolutePath();

  /** Not all that there is: as an engine gives them, and what makes device nodes and attributes. */
  private static final String[] CAPABILITIES = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_LEASE",
    "CAP_LINUX_IMMUTABLE",
    "CAP_MKNOD",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SYS_ADMIN",
  };

  private final Sandbox sandbox;
  private final Path program;
  private final Path older;
  private final Path newer;

  private Torture(Sandbox sandbox, Path program, Path older, Path newer) {
    this.sandbox = sandbox;
    this.program = program;
    this.older = older;
    this.newer = newer;
  }

  /** Builds the program, and makes the layers. */
  static Torture in(Sandbox sandbox) throws Exception {
    host(sandbox, "make", "-s", "-C", SOURCES.toString(), "OUT=" + TARGET);
    Path program = TARGET.resolve("torture");
    Path older = Files.createDirectories(sandbox.path("older").resolve("diff"));
    TestBundle.fillRootfs(older);
    Path newer = Files.createDirectories(sandbox.path("newer").resolve("diff"));
    Files.copy(program, newer.resolve("torture"));
    String beds = Place.ROOT.path.substring(1);
    for (Path layer : List.of(older, newer)) {
      Files.createDirectory(layer.resolve(beds));
    }
    host(sandbox, program.toString(), "older", older.resolve(beds).toString());
    host(sandbox, program.toString(), "newer", newer.resolve(beds).toString());
    return new Torture(sandbox, program, older, newer);
  }

  private static void host(Sandbox sandbox, String... command) throws Exception {
    sandbox.runtime().toEnd(new ProcessBuilder(command)).succeeded();
  }

  /**
   * Runs all checks in a new container.
   *
   * @param way the annotation that says how its root gets there
   * @param place where they are run
   * @return what each check says, by its name
   */
  Map<String, String> run(OciRuntime runtime, String way, Place place) throws Exception {
    String merged = TestOverlay.mount(sandbox, newer, older).toString();
    TestBundle bundle =
        sandbox
            .bundle()
            .root(root -> root.with("path", merged))
            .annotation("dev.limpid.rootfs", way)
            .capabilities(
                List.of("bounding", "effective", "permitted", "inheritable"), CAPABILITIES)
            .args("/torture", "run", place.path);
    if (place == Place.VOLUME) {
      bundle.mount(place.path, "bind", volume().toString(), "bind", "rw");
    }
    Outcome outcome =
        runtime.call("run", "--bundle", bundle.write().toString(), sandbox.id()).succeeded();
    Map<String, String> said = new LinkedHashMap<>();
    for (String line : outcome.lines()) {
      int colon = line.indexOf(": ");
      assertTrue(colon > 0, line);
      said.put(line.substring(0, colon), line.substring(colon + 2));
    }
    return said;
  }

  /** Both layers in one directory, as nobody merges them there. */
  private Path volume() throws Exception {
    Path volume = Files.createDirectory(sandbox.path("volume"));
    host(sandbox, program.toString(), "older", volume.toString());
    host(sandbox, program.toString(), "newer", volume.toString());
    return volume;
  }
}
