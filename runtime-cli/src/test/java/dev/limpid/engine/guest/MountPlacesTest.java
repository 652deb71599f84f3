package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Links are followed as if the root filesystem were the root. */
class MountPlacesTest {
  private Path rootfs;

  @BeforeEach
  void prepare(@TempDir Path folder) throws IOException {
    rootfs = folder.toRealPath().resolve("rootfs");
    Files.createDirectories(rootfs.resolve("run"));
    Files.createDirectories(rootfs.resolve("data/sub"));
    Files.createFile(rootfs.resolve("file"));
    link("var", "data");
    link("data/absolute", "/run");
    link("data/relative", "../run/./new");
    link("outside", "../../../../../etc");
    link("dangling", "/none/there");
    link("loop", "loop");
    link("chain", "/var/absolute/x");
  }

  private void link(String name, String target) throws IOException {
    Files.createSymbolicLink(rootfs.resolve(name), Path.of(target));
  }

  @ParameterizedTest
  @CsvSource({
    "/, /",
    "/proc, /proc",
    "//data///sub/, /data/sub",
    "/none/../x/./y, /x/y",
    "/../../x, /x",
    "/var, /data",
    "/var/sub, /data/sub",
    "/var/absolute/a, /run/a",
    "/data/relative, /run/new",
    "/outside/passwd, /etc/passwd",
    "/dangling, /none/there",
    "/dangling/deeper, /none/there/deeper",
    "/chain, /run/x",
    // crun says of it what the kernel would
    "/loop/x, /loop/x",
    "/file/x, /file/x"
  })
  void leadsTo(String destination, String place) {
    assertEquals(place, new MountPlaces(rootfs).take(destination));
  }

  @Test
  void nothingIsKnownBelowAMount() {
    MountPlaces places = new MountPlaces(rootfs);

    assertEquals("/data", places.take("/var"));
    assertEquals("/data/absolute/x", places.take("/var/absolute/x"));
    assertEquals("/data/a/../b", places.take("/data/a/../b"));
    assertEquals("/database", places.take("/database"));
    assertEquals(OptionalInt.empty(), places.permissions("/var/sub"));
  }

  @Test
  void permissionsAreThoseOfADirectoryThatIsThere() throws IOException {
    Files.setAttribute(rootfs.resolve("run"), "unix:mode", 01711);
    MountPlaces places = new MountPlaces(rootfs);

    assertEquals(OptionalInt.of(01711), places.permissions("/var/absolute"));
    assertEquals(OptionalInt.empty(), places.permissions("/file"));
    assertEquals(OptionalInt.empty(), places.permissions("/dangling"));
    places.take("/run");
    assertEquals(OptionalInt.empty(), places.permissions("/run"));
  }
}
