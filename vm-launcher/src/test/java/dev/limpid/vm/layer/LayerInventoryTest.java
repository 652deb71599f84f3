package dev.limpid.vm.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be told of a store, and removed from it. */
class LayerInventoryTest {
  private static final Path SHIM = Path.of("../build/host/limpid-shim").toAbsolutePath();
  private static final Instant NOW = Instant.parse("2026-01-10T00:00:00Z");

  private Path folder;
  private Path proc;
  private LayerInventory inventory;
  private final List<Layer> layers = new ArrayList<>();
  private final List<Path> sources = new ArrayList<>();

  /** What somebody or a disk does to an image. */
  private interface Damage {
    void apply(Path image) throws IOException;
  }

  /** Three images of 1 MiB and a bit; the first was not used for the longest time. */
  @BeforeEach
  void prepare(@TempDir Path temporary) throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfs.erofs")), "mkfs.erofs is not installed");
    assumeTrue(Files.isExecutable(SHIM), "the shim has not been built");
    Path base = temporary.toRealPath();
    folder = base.resolve("layers");
    proc = Files.createDirectory(base.resolve("proc"));
    inventory = new LayerInventory(folder, new LayerFolder(folder, proc));
    for (int i = 0; i < 3; i++) {
      Path source = Files.createDirectory(base.resolve("source" + i));
      byte[] content = new byte[1 << 20];
      new java.util.Random(i).nextBytes(content);
      Files.write(source.resolve("file"), content);
      sources.add(source);
      try (LayerStore store =
          new LayerStore(folder, SHIM, new LayerBounds(0, 1L << 30), LayerProgress.NONE)) {
        layers.addAll(store.images(List.of(source), "", base));
      }
      Files.setLastModifiedTime(
          layers.get(i).image(), FileTime.from(NOW.minusSeconds((3 - i) * 86400L)));
    }
  }

  @Test
  void ofNoStoreThereIsNothing(@TempDir Path empty) throws IOException {
    LayerInventory none = new LayerInventory(empty.resolve("none"));

    assertEquals(List.of(), none.list());
    assertEquals(List.of(), none.prune(new LayerPruning(0, Instant.MAX)));
    assertEquals(List.of(), none.verify(true));
    assertFalse(Files.exists(empty.resolve("none")));
  }

  @Test
  void listsThoseUnusedForLongestFirst() throws IOException {
    Files.createFile(folder.resolve("not-an-image.erofs"));
    mapped("web", layers.get(1).image());

    List<StoredLayer> all = inventory.list();

    assertEquals(uuids(layers), all.stream().map(StoredLayer::uuid).toList());
    StoredLayer second = all.get(1);
    assertEquals(List.of("web"), second.users());
    assertEquals(List.of(), all.get(0).users());
    assertEquals(layers.get(1).bytes(), second.size());
    assertEquals(NOW.minusSeconds(2 * 86400L), second.lastUsed());
    assertEquals(List.of(sources.get(1).toString()), second.record().orElseThrow().sources());
    assertTrue(second.bytesOnDisk() > 1 << 20 && second.bytesOnDisk() < 3 << 19, "on disk");
  }

  @Test
  void usersAreTheProcessesThatHaveItMapped() throws IOException {
    LayerInventory real = new LayerInventory(folder);
    assertEquals(List.of(), real.list().get(0).users());
    MappedByteBuffer mapping;
    try (FileChannel channel = FileChannel.open(layers.get(0).image())) {
      mapping = channel.map(MapMode.READ_ONLY, 0, 4096);
    }

    assertEquals(
        List.of(Path.of("").toAbsolutePath().getFileName().toString()), real.list().get(0).users());
    assertEquals(
        List.of(layers.get(1).uuid(), layers.get(2).uuid()),
        real.prune(new LayerPruning(0, Instant.MAX)).stream().map(StoredLayer::uuid).toList());
    assertEquals(0, mapping.get(0));
  }

  @Test
  void prunesUntilTheRestIsSmallEnough() throws IOException {
    long each = inventory.list().get(0).bytesOnDisk();

    assertEquals(List.of(), pruned(3 * each, Instant.MAX));
    assertEquals(List.of(layers.get(0).uuid()), pruned(3 * each - 1, Instant.MAX));
    assertEquals(List.of(layers.get(1).uuid(), layers.get(2).uuid()), pruned(0, Instant.MAX));
    assertEquals(List.of(), inventory.list());
    assertEquals(List.of("lock"), names());
  }

  @Test
  void prunesNothingThatWasUsedLately() throws IOException {
    assertEquals(List.of(layers.get(0).uuid()), pruned(0, NOW.minusSeconds(2 * 86400L)));
    assertEquals(2, inventory.list().size());
  }

  @Test
  void prunesNothingThatAVmHasMapped() throws IOException {
    mapped("web", layers.get(0).image());

    assertEquals(List.of(layers.get(1).uuid(), layers.get(2).uuid()), pruned(0, Instant.MAX));
  }

  @Test
  void findsWhatIsDamagedAndSaysHow() throws IOException {
    Map<String, Damage> damages =
        Map.of(
            "its checksum is not that of what was made", image -> flip(image, 700_000),
            "it is no EROFS image", image -> flip(image, 1024),
            "it is the image ", image -> flip(image, 1024 + 48),
            "it is cut off: it has 4096 bytes", image -> cut(image, 4096),
            "it is too short for an image", image -> cut(image, 100),
            "it has 4194304 bytes, and was made with 2097152", image -> cut(image, 4 << 20),
            "the record of what was made is missing or can't be read",
                image -> Files.writeString(record(image), "{\"sources\":[]}"));
    assertEquals(List.of(), inventory.verify(true));
    for (Map.Entry<String, Damage> damage : damages.entrySet()) {
      Path image = layers.get(1).image();
      byte[] before = Files.readAllBytes(image);
      byte[] record = Files.readAllBytes(record(image));
      damage.getValue().apply(image);

      List<DamagedLayer> found = inventory.verify(false);

      assertEquals(1, found.size(), damage.getKey());
      assertEquals(layers.get(1).uuid(), found.get(0).layer().uuid());
      assertFalse(found.get(0).removed());
      String reason = found.get(0).reason();
      assertTrue(reason.startsWith(damage.getKey()), reason);
      Files.write(image, before);
      Files.write(record(image), record);
    }
  }

  @Test
  void repairsByRemovingEvenWhatIsMapped() throws IOException {
    flip(layers.get(0).image(), 5000);
    flip(layers.get(2).image(), 5000);
    mapped("web", layers.get(2).image());

    List<DamagedLayer> found = inventory.verify(true);

    assertEquals(2, found.size());
    for (DamagedLayer damaged : found) {
      assertTrue(damaged.removed());
      assertFalse(Files.exists(damaged.layer().image()));
      assertFalse(Files.exists(record(damaged.layer().image())));
    }
    assertTrue(Files.exists(layers.get(1).image()));
  }

  @Test
  void whatIsOnDiskIsTheWholeImageIfNothingIsKnownOfIt() {
    StoredLayer layer = new StoredLayer("x", Path.of("/x"), 5, NOW, Optional.empty(), List.of());

    assertEquals(5, layer.bytesOnDisk());
  }

  /** A process that has a file mapped, as /proc shows it. */
  private void mapped(String container, Path image) throws IOException {
    Path process = Files.createDirectory(proc.resolve("42"));
    Files.writeString(
        process.resolve("maps"),
        "7f00-7f01 r--s 00000000 fe:00 7 /usr/lib/some.erofs.so\n7f02-7f03 r--s 00000000 fe:00 8 "
            + image
            + " (deleted)\n");
    Files.createSymbolicLink(process.resolve("cwd"), Path.of("/run/limpid", container));
  }

  private List<String> pruned(long keep, Instant before) throws IOException {
    return inventory.prune(new LayerPruning(keep, before)).stream().map(StoredLayer::uuid).toList();
  }

  private static List<String> uuids(List<Layer> layers) {
    return layers.stream().map(Layer::uuid).toList();
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static Path record(Path image) {
    return Path.of(image.toString().replace(".erofs", ".json"));
  }

  private static void flip(Path image, long at) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(at);
      int before = file.read();
      file.seek(at);
      file.write(before ^ 1);
    }
  }

  private static void cut(Path image, long size) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(size);
    }
  }
}
