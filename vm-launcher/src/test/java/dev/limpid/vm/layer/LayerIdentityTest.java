package dev.limpid.vm.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The same directory has the same identity, and another one as soon as something is changed. */
class LayerIdentityTest {
  private static final String HEX = "0123456789abcdef".repeat(4);
  private static final String BASE36 = "abcdefghijklmnopqrstuvwxy";

  private Path folder;

  /** What somebody does to a layer. */
  private interface Change {
    void apply(Path layer) throws IOException;
  }

  @BeforeEach
  void prepare(@TempDir Path temporary) throws IOException {
    folder = Files.createDirectories(temporary.toRealPath().resolve("layer"));
    Files.createDirectories(folder.resolve("sub"));
    Files.writeString(folder.resolve("sub/file"), "text");
    Files.createSymbolicLink(folder.resolve("link"), Path.of("sub/file"));
    Files.createSymbolicLink(folder.resolve("dangling"), Path.of("/no/such"));
  }

  @Test
  void refusesWhatIsNotThere() {
    assertThrows(NoSuchFileException.class, () -> LayerIdentity.of(folder.resolve("none")));
  }

  @Test
  void isTheSameForTheSame() throws IOException {
    String identity = LayerIdentity.of(folder);

    assertEquals(identity, LayerIdentity.of(folder));
    assertTrue(
        identity.matches("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), identity);
  }

  static List<Change> changes() {
    return List.of(
        layer -> Files.writeString(layer.resolve("sub/file"), "longer text"),
        layer -> Files.setLastModifiedTime(layer.resolve("sub/file"), FileTime.fromMillis(1)),
        layer ->
            Files.setPosixFilePermissions(
                layer.resolve("sub/file"), PosixFilePermissions.fromString("rwxrwxrwx")),
        layer ->
            Files.setPosixFilePermissions(
                layer.resolve("sub"), PosixFilePermissions.fromString("rwx------")),
        layer -> Files.move(layer.resolve("sub/file"), layer.resolve("sub/other")),
        layer -> Files.move(layer.resolve("sub/file"), layer.resolve("file")),
        layer -> Files.createFile(layer.resolve("sub/new")),
        layer -> Files.delete(layer.resolve("dangling")),
        layer -> {
          Files.delete(layer.resolve("link"));
          Files.createSymbolicLink(layer.resolve("link"), Path.of("sub/another-file"));
        });
  }

  @ParameterizedTest
  @MethodSource("changes")
  void isAnotherAfterAChange(Change change) throws IOException {
    String before = LayerIdentity.of(folder);
    change.apply(folder);

    assertNotEquals(before, LayerIdentity.of(folder));
  }

  @Test
  void isAnotherForACopy() throws IOException {
    String before = LayerIdentity.of(folder);
    Path moved = Files.move(folder, folder.resolveSibling("moved"));

    assertNotEquals(before, LayerIdentity.of(moved));
  }

  @Test
  void doesNotLookThroughAnEnginesLayer() throws IOException {
    Path diff = Files.createDirectories(folder.resolve("overlay2/" + HEX + "/diff"));
    Path deep = Files.createDirectories(diff.resolve("etc/deep"));
    String before = LayerIdentity.of(diff);
    Files.createFile(deep.resolve("new"));

    assertEquals(before, LayerIdentity.of(diff));
  }

  @Test
  void anEnginesLayerOfANameThatWasUsedBeforeIsAnother() throws IOException {
    Path diff = Files.createDirectories(folder.resolve("overlay/" + HEX + "/diff"));
    Files.createDirectory(diff.resolve("etc"));
    String before = LayerIdentity.of(diff);
    Object inode = Files.getAttribute(diff, "unix:ino");
    Object changed = Files.getAttribute(diff, "unix:ctime");
    // The directory itself may look as before, if times are coarse; what is in it is new.
    Files.createDirectory(folder.resolve("new"));
    Files.move(folder.resolve("new"), diff.resolve("etc"), StandardCopyOption.REPLACE_EXISTING);

    assertEquals(inode, Files.getAttribute(diff, "unix:ino"));
    assertNotEquals(changed, Files.getAttribute(diff, "unix:ctime"));
    assertNotEquals(before, LayerIdentity.of(diff));
  }

  @Test
  void severalTogetherAreAnotherInAnotherOrderOrReadInAnotherWay() throws IOException {
    Path other = Files.createDirectory(folder.resolveSibling("other"));
    Set<String> identities = new HashSet<>();
    identities.add(LayerIdentity.of(folder));
    identities.add(LayerIdentity.of(List.of(folder, other), "metacopy=off"));
    identities.add(LayerIdentity.of(List.of(other, folder), "metacopy=off"));
    identities.add(LayerIdentity.of(List.of(folder, other), "metacopy=on"));
    identities.add(LayerIdentity.of(List.of(folder), "metacopy=off"));

    assertEquals(5, identities.size());
    assertEquals(
        LayerIdentity.of(List.of(folder, other), ""), LayerIdentity.of(List.of(folder, other), ""));
  }

  @ParameterizedTest
  @CsvSource({
    "/, false",
    "/diff, false",
    "/overlay2/diff, false",
    "/overlay2/abc/diff, false",
    "/overlay2/HEX/merged, false",
    "/overlay2/HEX, false",
    "/overlay2/HEX/diff/etc, false",
    "/overlay2/gHEX/diff, false",
    "/overlay2/HEXa/diff, false",
    "/overlay2/BASE36-/diff, false",
    "/overlay2/BASE36-init-init/diff, false",
    "/overlay2/-init/diff, false",
    "/overlay3/HEX/diff, false",
    "/snapshots/1/fs, false",
    "/x/snapshots/1/fs, false",
    "/io.containerd.snapshotter.v1.overlayfs/snapshots/1/work, false",
    "/var/lib/docker/overlay2/HEX/diff, true",
    "/var/lib/docker/overlay2/BASE36/diff, true",
    "/var/lib/docker/overlay2/HEX-init/diff, true",
    "/var/lib/docker/overlay2/BASE36-init/diff, true",
    "/var/lib/containers/storage/overlay/HEX/diff, true",
    "/overlay/HEX/diff, true",
    "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/12/fs, true"
  })
  void knowsEnginesLayersByTheirPaths(String path, boolean known) {
    Path directory = Path.of(path.replace("BASE36", BASE36).replace("HEX", HEX));

    assertEquals(known, LayerIdentity.isOfAnEngine(directory));
  }
}
