package dev.limpid.vm.layer;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Images of layers, made by the real mkfs.erofs. */
class LayerStoreTest {
  private static final long HUGE_PAGE = 2L << 20;
  private static final int SUPERBLOCK = 1024;
  private static final int MAGIC = 0xe0f5e1e2;
  private static final int UUID_IN_SUPERBLOCK = 48;
  private static final String ANY_UUID = "01234567-89ab-cdef-0123-456789abcdef";

  private Path directory;
  private Path folder;
  private Path container;

  @BeforeEach
  void prepare(@TempDir Path temporary) throws IOException {
    assumeTrue(
        Stream.of("/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin")
            .anyMatch(place -> Files.isExecutable(Path.of(place, "mkfs.erofs"))),
        "mkfs.erofs is not installed");
    directory = Files.createDirectory(temporary.toRealPath().resolve("directory"));
    Files.writeString(directory.resolve("file"), "text");
    folder = directory.resolveSibling("layers");
    container = Files.createDirectory(directory.resolveSibling("container"));
  }

  @Test
  void saysWhyNoImageCanBeMadeAndLeavesNothing() throws IOException {
    Path image = container.resolve("x.erofs");

    IOException e =
        assertThrows(
            IOException.class, () -> LayerImage.make(directory.resolve("none"), image, ANY_UUID));

    assertTrue(
        e.getMessage()
            .startsWith(
                directory.resolve("none")
                    + ": no image can be made of this layer: mkfs.erofs: exit status 1: "),
        e.getMessage());
    assertEquals(Set.of(), names(container));
  }

  @Test
  void aFailureLeavesNoImageInTheStore() throws IOException {
    LayerStore store = new LayerStore(folder);

    assertThrows(IOException.class, () -> store.layer(directory.resolve("file"), container));

    for (String name : names(folder)) {
      assertFalse(name.contains("erofs"), name);
    }
  }

  @Test
  void whatIsNotThereMakesNoStore() {
    LayerStore store = new LayerStore(folder);

    assertThrows(IOException.class, () -> store.layer(directory.resolve("none"), container));

    assertFalse(Files.exists(folder));
  }

  @Test
  void makesAnImageOfWholeHugePagesWithItsIdentity() throws IOException {
    Layer layer = new LayerStore(folder).layer(directory, container);

    assertEquals(LayerIdentity.of(directory), layer.uuid());
    assertEquals(folder.resolve(layer.uuid() + ".erofs"), layer.image());
    assertEquals(Files.size(layer.image()), layer.bytes());
    assertTrue(layer.bytes() > 0 && layer.bytes() % HUGE_PAGE == 0, "size " + layer.bytes());
    assertSuperblock(layer);
    assertEquals(Set.of(layer.uuid() + ".erofs"), names(folder));
    assertEquals(
        PosixFilePermissions.fromString("rwx------"), Files.getPosixFilePermissions(folder));
  }

  @Test
  void growsByWholeHugePages() throws IOException {
    Files.write(directory.resolve("large"), new byte[(int) HUGE_PAGE]);

    Layer layer = new LayerStore(folder).layer(directory, container);

    assertEquals(2 * HUGE_PAGE, layer.bytes());
    assertSuperblock(layer);
  }

  @Test
  void takesTheImageThatIsThere() throws IOException {
    Path image = folder.resolve(LayerIdentity.of(directory) + ".erofs");
    Files.createDirectory(folder);
    Files.write(image, new byte[(int) HUGE_PAGE]);

    Layer layer = new LayerStore(folder).layer(directory, container);

    assertEquals(new Layer(image, LayerIdentity.of(directory), HUGE_PAGE), layer);
    assertEquals(0, superblock(image).getInt(0));
  }

  @Test
  void makesAnotherImageAfterAChange() throws IOException {
    LayerStore store = new LayerStore(folder);
    Layer before = store.layer(directory, container);
    Files.writeString(directory.resolve("file"), "longer text");
    Layer after = store.layer(directory, container);

    assertEquals(Set.of(before.uuid() + ".erofs", after.uuid() + ".erofs"), names(folder));
  }

  @Test
  void whatWasLeftAsideIsNotTakenForALayer() throws IOException {
    Files.createDirectory(folder);
    Path aside = folder.resolve(LayerIdentity.of(directory) + ".erofs.tmp");
    Files.write(aside, new byte[(int) (3 * HUGE_PAGE)]);

    Layer layer = new LayerStore(folder).layer(directory, container);

    assertEquals(HUGE_PAGE, layer.bytes());
    assertSuperblock(layer);
    assertFalse(Files.exists(aside));
  }

  @Test
  @Timeout(60)
  void ofTwoAtOnceOneMakesIt() throws Exception {
    Files.createDirectory(folder);
    CyclicBarrier together = new CyclicBarrier(2);
    Callable<Layer> make =
        () -> {
          together.await();
          return new LayerStore(folder).layer(directory, container);
        };
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (WatchService watch = folder.getFileSystem().newWatchService()) {
      folder.register(watch, ENTRY_CREATE);
      List<Future<Layer>> layers = threads.invokeAll(List.of(make, make));

      assertEquals(layers.get(0).get(), layers.get(1).get());
      assertEquals(1, created(watch, layers.get(0).get().uuid() + ".erofs.tmp"));
      assertSuperblock(layers.get(0).get());
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void whatOneContainerHasForItselfLiesWithIt() throws IOException {
    Path init =
        Files.createDirectories(
            directory.resolve("overlay2/" + "0123456789abcdef".repeat(4) + "-init/diff/etc"));

    Layer layer = new LayerStore(folder).layer(init.getParent(), container);

    assertEquals(container.resolve(layer.uuid() + ".erofs"), layer.image());
    assertEquals(Set.of(layer.uuid() + ".erofs"), names(container));
    assertSuperblock(layer);
    assertFalse(Files.exists(folder));
  }

  @Test
  void aFolderThatOnlyLooksLikeItIsForAll() throws IOException {
    Path init = Files.createDirectories(directory.resolve("my-init/diff"));

    Layer layer = new LayerStore(folder).layer(init, container);

    assertEquals(folder, layer.image().getParent());
  }

  /** How often a name was made in the folder until now. */
  private int created(WatchService watch, String name) throws Exception {
    Files.createFile(folder.resolve("last"));
    int count = 0;
    while (true) {
      WatchKey key = watch.poll(30, TimeUnit.SECONDS);
      for (WatchEvent<?> event : key.pollEvents()) {
        String made = event.context().toString();
        if (made.equals("last")) {
          return count;
        }
        if (made.equals(name)) {
          count += event.count();
        }
      }
      key.reset();
    }
  }

  private static void assertSuperblock(Layer layer) throws IOException {
    ByteBuffer superblock = superblock(layer.image());
    assertEquals(MAGIC, Integer.reverseBytes(superblock.getInt(0)));
    UUID uuid =
        new UUID(
            superblock.getLong(UUID_IN_SUPERBLOCK), superblock.getLong(UUID_IN_SUPERBLOCK + 8));
    assertEquals(layer.uuid(), uuid.toString());
  }

  private static ByteBuffer superblock(Path image) throws IOException {
    ByteBuffer superblock = ByteBuffer.allocate(128);
    try (FileChannel channel = FileChannel.open(image)) {
      assertEquals(128, channel.read(superblock, SUPERBLOCK));
    }
    return superblock.flip();
  }

  private static Set<String> names(Path folder) throws IOException {
    Set<String> names = new HashSet<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(file -> names.add(file.getFileName().toString()));
    }
    return names;
  }
}
