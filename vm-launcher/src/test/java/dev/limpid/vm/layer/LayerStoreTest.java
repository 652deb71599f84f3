package dev.limpid.vm.layer;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images of layers, made by the real mkfs.erofs. */
class LayerStoreTest {
  private static final Path SHIM = Path.of("../build/host/limpid-shim").toAbsolutePath();
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
    assumeTrue(Files.isExecutable(SHIM), "the shim has not been built");
    directory = Files.createDirectory(temporary.toRealPath().resolve("directory"));
    Files.writeString(directory.resolve("file"), "text");
    folder = directory.resolveSibling("layers");
    container = Files.createDirectory(directory.resolveSibling("container"));
  }

  @Test
  void refusesWhatIsNoDirectoryAndLeavesNothing() throws IOException {
    RefusedLayerException e =
        assertThrows(RefusedLayerException.class, () -> layer(directory.resolve("file")));

    assertTrue(
        e.getMessage()
            .startsWith(
                directory.resolve("file")
                    + ": no image can be made of this layer: mkfs.erofs: exit status 1: "),
        e.getMessage());
    assertEquals(Set.of("lock"), names(folder));
  }

  @Test
  void whatIsNotThereMakesNoStore() {
    assertThrows(IOException.class, () -> layer(directory.resolve("none")));

    assertFalse(Files.exists(folder));
  }

  @Test
  void refusesNamesThatAreTooLong() throws IOException {
    Files.createFile(directory.resolve("n".repeat(254)));
    layer(directory);
    Files.createFile(directory.resolve("n".repeat(255)));

    refuses(": its name has more than 254 bytes");
  }

  @Test
  void refusesPathsThatAreTooLong() throws IOException {
    Path deep = directory;
    while (deep.toString().length() < 3900) {
      deep = Files.createDirectory(deep.resolve("d".repeat(99)));
    }
    layer(directory);
    Files.createDirectory(deep.resolve("d".repeat(150)));

    refuses(": its path has more than 4000 bytes");
  }

  @Test
  void refusesAttributesThatAreTooMany() throws Exception {
    try (SmallDisk disk = SmallDisk.mount(directory.resolveSibling("disk"), 8)) {
      directory = Files.createDirectory(disk.directory().resolve("layer"));
      Files.createFile(directory.resolve("file"));
      UserDefinedFileAttributeView attributes =
          Files.getFileAttributeView(directory.resolve("file"), UserDefinedFileAttributeView.class);
      attributes.write("large", ByteBuffer.allocate(65535));
      layer(directory);
      attributes.write("large", ByteBuffer.allocate(65536));
      refuses(": it has an extended attribute of more than 65535 bytes");

      attributes.delete("large");
      for (int i = 0; i < 4; i++) {
        attributes.write("large" + i, ByteBuffer.allocate(50_000));
      }
      refuses(": it has more than 200000 bytes of extended attributes");

      for (int i = 0; i < 4; i++) {
        attributes.delete("large" + i);
      }
      for (int i = 0; i < 255; i++) {
        attributes.write("small" + i, ByteBuffer.allocate(1));
      }
      layer(directory);
      attributes.write("one-more", ByteBuffer.allocate(1));
      refuses(": it has more than 255 extended attributes");
    }
  }

  @Test
  void refusesWhatAnotherFileSystemIsMountedIn() throws Exception {
    try (SmallDisk disk = SmallDisk.mount(directory.resolve("disk"), 1)) {
      assertTrue(Files.exists(disk.directory()));
      refuses(": another file system is mounted there");
    }
  }

  @Test
  void refusesWhatAVmCannotMap() throws IOException {
    Files.write(directory.resolve("large"), new byte[8 << 20]);
    try (LayerStore store =
        new LayerStore(folder, SHIM, LayerBounds.ofVm(0, 512 << 10), LayerProgress.NONE)) {
      RefusedLayerException e =
          assertThrows(
              RefusedLayerException.class, () -> store.images(List.of(directory), "", container));

      assertEquals(
          directory
              + " takes 8 MiB, of which a VM with so little memory can map no more than 8 MiB",
          e.getMessage());
    }
    assertEquals(Set.of("lock"), names(folder));
  }

  @Test
  void aFullDiskIsSaidAndTheStoreStaysSound() throws Exception {
    try (SmallDisk disk = SmallDisk.mount(directory.resolveSibling("disk"), 6)) {
      folder = disk.directory().resolve("layers");
      Layer small = layer(directory);
      Path large = Files.createDirectory(directory.resolveSibling("large"));
      byte[] random = new byte[8 << 20];
      new java.util.Random(1).nextBytes(random);
      Files.write(large.resolve("file"), random);
      try (LayerStore store = store()) {
        store.images(List.of(directory), "", container);
        IOException e =
            assertThrows(IOException.class, () -> store.images(List.of(large), "", container));

        assertFalse(e instanceof RefusedLayerException, e.toString());
        assertTrue(
            e.getMessage()
                .startsWith(
                    large + ": no room for an image of it: that takes about 9 MiB in " + folder),
            e.getMessage());
      }
      // Somebody else takes the room that there seemed to be.
      LayerSource source = LayerSource.of(large);
      assertThrows(
          FullStoreException.class,
          () ->
              new LayerImage(source, new LayerSurvey(1, 0))
                  .write(folder.resolve("x"), folder, LayerProgress.NONE));
      Files.delete(folder.resolve("x"));

      assertEquals(Set.of("lock", small.uuid() + ".erofs", small.uuid() + ".json"), names(folder));
      assertEquals(List.of(), new LayerInventory(folder).verify(false));
    }
  }

  @Test
  void makesRoomBeforeItGivesUp() throws Exception {
    try (SmallDisk disk = SmallDisk.mount(directory.resolveSibling("disk"), 8)) {
      folder = disk.directory().resolve("layers");
      byte[] random = new byte[3 << 20];
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Path each = Files.createDirectory(directory.resolveSibling("each" + i));
        new java.util.Random(i).nextBytes(random);
        Files.write(each.resolve("file"), random);
        layers.add(layer(each));
      }

      assertFalse(Files.exists(layers.get(0).image()));
      assertTrue(Files.exists(layers.get(2).image()));
      assertEquals(List.of(), new LayerInventory(folder).verify(false));
    }
  }

  @Test
  void keepsToItsBoundByWhatWasNotUsedForLongest() throws Exception {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Path each = Files.createDirectory(directory.resolveSibling("each" + i));
      Files.write(each.resolve("file"), new byte[1 << 20]);
      try (LayerStore store =
          new LayerStore(folder, SHIM, new LayerBounds(5 << 19, 1L << 30), LayerProgress.NONE)) {
        layers.addAll(store.images(List.of(each), "", container));
        if (i == 1) {
          // The first has been used last now.
          store.images(List.of(directory.resolveSibling("each0")), "", container);
        }
      }
    }

    assertEquals(
        Set.of(
            "lock",
            layers.get(2).uuid() + ".erofs",
            layers.get(2).uuid() + ".json",
            layers.get(3).uuid() + ".erofs",
            layers.get(3).uuid() + ".json"),
        names(folder));
  }

  @Test
  void makesAnImageOfWholeHugePagesWithItsIdentity() throws IOException {
    Layer layer = layer(directory);

    assertEquals(LayerIdentity.of(directory), layer.uuid());
    assertEquals(folder.resolve(layer.uuid() + ".erofs"), layer.image());
    assertEquals(Files.size(layer.image()), layer.bytes());
    assertTrue(layer.bytes() > 0 && layer.bytes() % HUGE_PAGE == 0, "size " + layer.bytes());
    assertSuperblock(layer);
    assertEquals(Set.of("lock", layer.uuid() + ".erofs", layer.uuid() + ".json"), names(folder));
    assertEquals(
        PosixFilePermissions.fromString("rwx------"), Files.getPosixFilePermissions(folder));
  }

  @Test
  void growsByWholeHugePages() throws IOException {
    Files.write(directory.resolve("large"), new byte[(int) HUGE_PAGE]);

    Layer layer = layer(directory);

    assertEquals(2 * HUGE_PAGE, layer.bytes());
    assertSuperblock(layer);
  }

  @Test
  void doesNotWriteLargeHolesOut() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(directory.resolve("sparse").toFile(), "rw")) {
      file.setLength(256 << 20);
      file.seek(100 << 20);
      file.write(1);
    }

    assertEquals(HUGE_PAGE, layer(directory).bytes());
  }

  @Test
  void takesTheImageThatIsThere() throws IOException {
    Path image = folder.resolve(LayerIdentity.of(directory) + ".erofs");
    Files.createDirectory(folder);
    Files.write(image, new byte[(int) HUGE_PAGE]);

    assertEquals(new Layer(image, LayerIdentity.of(directory), HUGE_PAGE), layer(directory));
    assertEquals(0, superblock(image).getInt(0));
  }

  @Test
  void makesAnotherImageAfterAChange() throws IOException {
    Layer before = layer(directory);
    Files.writeString(directory.resolve("file"), "longer text");
    Layer after = layer(directory);

    assertTrue(Files.exists(before.image()) && Files.exists(after.image()));
    assertFalse(before.equals(after));
  }

  @Test
  void whatDeadBuildersHaveLeftIsRemoved() throws IOException {
    Files.createDirectory(folder);
    String uuid = LayerIdentity.of(directory);
    Files.write(folder.resolve(uuid + ".image-1-2.tmp"), new byte[(int) (3 * HUGE_PAGE)]);
    Files.write(folder.resolve(ANY_UUID + ".image-1-2.tmp"), new byte[1]);
    Files.write(folder.resolve(ANY_UUID + ".json"), new byte[1]);
    Path work = Files.createDirectory(folder.resolve(ANY_UUID + ".merge-1-2.tmp"));
    Files.createDirectory(work.resolve("merged"));
    Files.createSymbolicLink(work.resolve("0"), directory);
    Files.createFile(folder.resolve("somebody's"));

    Layer layer = layer(directory);

    assertEquals(HUGE_PAGE, layer.bytes());
    assertEquals(Set.of("lock", "somebody's", uuid + ".erofs", uuid + ".json"), names(folder));
    assertTrue(Files.exists(directory.resolve("file")));
  }

  @Test
  @Timeout(60)
  void whatLivingBuildersHaveIsLeftAlone() throws Exception {
    Path other = Files.createDirectory(directory.resolveSibling("other"));
    Process builder = StoreProgram.start(folder, SHIM, container, other);
    try {
      StoreProgram.ready(builder);
      // Its images are in use, but it does not make any: only the lock on that counts.
      Path aside = Files.createFile(folder.resolve(LayerIdentity.of(other) + ".image-1-2.tmp"));
      try (LayerLocks locks = LayerLocks.open(folder);
          FileLock making = locks.making(LayerIdentity.of(other))) {
        assertTrue(making.isValid());
        new LayerFolder(folder).removeLeftovers(locks);
        assertTrue(Files.exists(aside));
      }
      layer(directory);
      assertFalse(Files.exists(aside));
    } finally {
      builder.destroyForcibly();
    }
  }

  @Test
  @Timeout(120)
  void ofSeveralProcessesAtOnceOneMakesIt() throws Exception {
    Files.createDirectory(folder);
    Files.write(directory.resolve("large"), new byte[(int) (20 * HUGE_PAGE)]);
    List<Process> processes = new ArrayList<>();
    try (WatchService watch = folder.getFileSystem().newWatchService()) {
      folder.register(watch, ENTRY_CREATE);
      for (int i = 0; i < 4; i++) {
        processes.add(StoreProgram.start(folder, SHIM, container, directory));
      }
      String image = folder.resolve(LayerIdentity.of(directory) + ".erofs").toString();
      for (Process process : processes) {
        assertEquals(List.of(image), StoreProgram.ready(process));
      }

      assertEquals(1, created(watch, ".image-"));
      assertEquals(List.of(), new LayerInventory(folder).verify(false));
    } finally {
      processes.forEach(Process::destroyForcibly);
    }
  }

  @Test
  @Timeout(60)
  void nothingThatAVerbIsAboutToUseIsRemoved() throws Exception {
    Process verb = StoreProgram.start(folder, SHIM, container, directory);
    try {
      String image = StoreProgram.ready(verb).get(0);
      LayerPruning everything = new LayerPruning(0, java.time.Instant.MAX);

      assertEquals(List.of(), new LayerInventory(folder).prune(everything));
      assertTrue(Files.exists(Path.of(image)));

      verb.getOutputStream().close();
      assertEquals(0, verb.waitFor());
      assertEquals(1, new LayerInventory(folder).prune(everything).size());
      assertEquals(Set.of("lock"), names(folder));
    } finally {
      verb.destroyForcibly();
    }
  }

  @Test
  void whatOneContainerHasForItselfLiesWithIt() throws IOException {
    Path init =
        Files.createDirectories(
            directory.resolve("overlay2/" + "0123456789abcdef".repeat(4) + "-init/diff/etc"));

    Layer layer = layer(init.getParent());

    assertEquals(container.resolve(layer.uuid() + ".erofs"), layer.image());
    assertEquals(Set.of(layer.uuid() + ".erofs"), names(container));
    assertSuperblock(layer);
    assertFalse(Files.exists(folder));
  }

  @Test
  void aFolderThatOnlyLooksLikeItIsForAll() throws IOException {
    Path init = Files.createDirectories(directory.resolve("my-init/diff"));

    assertEquals(folder, layer(init).image().getParent());
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "32, 0", "33, 32", "64, 32", "65, 64", "96, 64", "97, 96", "125, 96"})
  void theLowestOfManyAreMerged(int layers, int merged) {
    assertEquals(merged, LayerStore.merged(layers));
  }

  @Test
  void mergedLayersAreWhatAnOverlayShows() throws Exception {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root mounts");
    List<Path> lowers = new ArrayList<>();
    for (int i = 0; i < 34; i++) {
      Path lower = Files.createDirectories(directory.resolveSibling("l" + i).resolve("all"));
      Files.writeString(lower.resolve("of-" + i), "of " + i);
      Files.writeString(lower.resolve("same"), "from " + i);
      lowers.add(lower.getParent());
    }
    // What the uppermost of the merged removes is gone, and its removal is too.
    run("mknod", lowers.get(2).resolve("all/of-5").toString(), "c", "0", "0");
    Path made;
    Path mount = Files.createDirectory(directory.resolveSibling("mount"));
    try (LayerStore store = store()) {
      List<Layer> layers =
          store.images(lowers, "redirect_dir=off,metacopy=off,index=off", container);
      assertEquals(3, layers.size());
      made = layers.get(2).image();
      for (Layer layer : layers) {
        assertSuperblock(layer);
      }
    }
    run("mount", "-o", "loop,ro", made.toString(), mount.toString());
    try {
      Set<String> expected = new HashSet<>(Set.of("same"));
      for (int i = 2; i < 34; i++) {
        if (i != 5) {
          expected.add("of-" + i);
        }
      }
      assertEquals(expected, names(mount.resolve("all")));
      assertEquals("from 2", Files.readString(mount.resolve("all/same")));
      assertEquals("of 33", Files.readString(mount.resolve("all/of-33")));
    } finally {
      run("umount", mount.toString());
    }
    LayerRecord record = LayerRecord.read(Path.of(made.toString().replace(".erofs", ".json")));
    assertEquals(32, record.sources().size());
    assertEquals(lowers.get(2).toString(), record.sources().get(0));
    for (String name : names(folder)) {
      assertFalse(name.endsWith(".tmp"), name);
    }
  }

  @Test
  void whatCannotBeMergedIsRefused() throws IOException {
    List<Path> lowers = new ArrayList<>(Collections.nCopies(33, directory));
    try (LayerStore store = store()) {
      RefusedLayerException e =
          assertThrows(
              RefusedLayerException.class,
              () -> store.images(lowers, "no_such_option=on", container));

      assertTrue(e.getMessage().contains(": mount: exit status 125: "), e.getMessage());
    }
    for (String name : names(folder)) {
      assertFalse(name.endsWith(".tmp"), name);
    }
  }

  private LayerStore store() {
    return new LayerStore(folder, SHIM, new LayerBounds(0, 1L << 30), LayerProgress.NONE);
  }

  private Layer layer(Path lower) throws IOException {
    try (LayerStore store = store()) {
      return store.images(List.of(lower), "", container).get(0);
    }
  }

  private void refuses(String reason) throws IOException {
    RefusedLayerException e = assertThrows(RefusedLayerException.class, () -> layer(directory));
    assertTrue(
        e.getMessage().startsWith(directory.toString()) && e.getMessage().endsWith(reason),
        e.getMessage());
    for (String name : names(folder)) {
      assertFalse(name.endsWith(".tmp"), name);
    }
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertEquals(0, process.waitFor(), () -> String.join(" ", command));
  }

  /** How often a name with this in it was made in the folder until now. */
  private int created(WatchService watch, String part) throws Exception {
    Files.createFile(folder.resolve("last"));
    int count = 0;
    while (true) {
      WatchKey key = watch.poll(30, TimeUnit.SECONDS);
      for (WatchEvent<?> event : key.pollEvents()) {
        String made = event.context().toString();
        if (made.equals("last")) {
          return count;
        }
        if (made.contains(part)) {
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
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return names;
    }
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(file -> names.add(file.getFileName().toString()));
    }
    return names;
  }
}
