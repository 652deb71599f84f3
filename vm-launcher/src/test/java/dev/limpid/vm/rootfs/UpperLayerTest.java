package dev.limpid.vm.rootfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limpid.proto.GuestMount;
import dev.limpid.proto.GuestUpper;
import dev.limpid.vm.shim.DecodedPlan;
import dev.limpid.vm.shim.ShimPlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Upper layers in the guest: what the host makes, shares and says of them. */
class UpperLayerTest {
  private static final String OWN =
      "upperdir=/run/limpid/upper/upper,workdir=/run/limpid/upper/work";
  private static final List<String> DIRECTORY = List.of("directory", "/run/limpid/web");
  private static final List<String> VERB = List.of("verb", "create.sock");

  @TempDir private Path folder;

  private static List<List<String>> planOf(UpperLayer upper) {
    ShimPlan plan = new ShimPlan(Path.of("/run/limpid/web"), "create.sock");
    upper.share(plan);
    return DecodedPlan.of(plan);
  }

  @Test
  void aDiskIsFilledAndBroughtBack() {
    UpperLayer upper =
        new DiskUpper(
            Path.of("/o/1/diff"), UpperDisk.of(Path.of("/o/1/diff")), Path.of("/run/web"), 64);

    assertEquals(
        List.of(
            DIRECTORY,
            VERB,
            List.of("upper", "/o/1", "diff", ".limpid-back-diff", "overlay"),
            List.of("confine", "overlay/diff", "rw"),
            List.of("confine", "overlay/.limpid-back-diff", "rw"),
            List.of("file", "/o/1/.limpid-disk-diff")),
        planOf(upper));
    assertEquals(
        List.of(
            new GuestMount(
                "ext4",
                "disk:limpid-upper",
                "/run/limpid/upper",
                Set.of(),
                "noinit_itable,discard")),
        upper.mounts());
    assertEquals(
        Optional.of(
            new GuestUpper(
                "/run/limpid/upper",
                "/run/limpid/share/overlay/diff",
                Optional.of("/run/limpid/share/overlay/.limpid-back-diff"),
                false)),
        upper.filling());
    assertEquals(OWN, upper.options());
    // These go only if nothing is lost with them.
    assertEquals(List.of(), upper.releases());
  }

  @Test
  void memoryIsFilledWithWhatTheGuestCannotChange() {
    UpperLayer upper =
        new MemoryUpper(Optional.of(Path.of("/o/1/diff")), Path.of("/run/limpid/layers/0"));

    assertEquals(
        List.of(
            DIRECTORY,
            VERB,
            List.of("bind", "/o/1/diff", "upper", "bind,ro"),
            List.of("confine", "upper", "ro")),
        planOf(upper));
    assertEquals("tmpfs", upper.mounts().get(0).type());
    assertEquals(OWN, upper.options());
    assertEquals(Optional.empty(), upper.disk());
  }

  @Test
  void aDirectoryIsCoveredByMemory() {
    EphemeralRootfs rootfs = new EphemeralRootfs(Path.of("/bundle/rootfs"));
    ShimPlan plan = new ShimPlan(Path.of("/run/limpid/web"), "create.sock");
    rootfs.make();
    rootfs.share(plan);

    assertEquals(
        List.of(
            DIRECTORY,
            VERB,
            List.of("bind", "/bundle/rootfs", "rootfs", "bind,ro"),
            List.of("confine", "rootfs", "ro")),
        DecodedPlan.of(plan));
    assertEquals(2, rootfs.mounts().size());
    assertEquals(
        new GuestMount(
            "overlay",
            "overlay",
            "/run/limpid/rootfs",
            Set.of(),
            "lowerdir=/run/limpid/share/rootfs," + OWN + ",redirect_dir=on,metacopy=off,index=off"),
        rootfs.mounts().get(1));
    assertEquals(
        Optional.of(
            new GuestUpper(
                "/run/limpid/upper", "/run/limpid/share/rootfs", Optional.empty(), true)),
        rootfs.filling());
  }

  @Test
  void aDisksNameIsTheUpperDirectorys() {
    Path longest = Path.of("/o").resolve("u".repeat(255));

    assertEquals(
        Path.of("/o/.limpid-disk-" + "u".repeat(200)),
        UpperDisk.of(Path.of("/o").resolve("u".repeat(200))).file());
    assertTrue(UpperDisk.of(longest).file().getFileName().toString().length() < 60);
    // What is made beside it has a longer name.
    Path longer = Path.of("/o").resolve("u".repeat(240));
    assertTrue(UpperDisk.of(longer).file().getFileName().toString().length() < 60);
    assertFalse(
        UpperDisk.of(longest)
            .file()
            .equals(UpperDisk.of(Path.of("/o").resolve("v".repeat(255))).file()));
  }

  @Test
  void aDiskCountsUntilItIsBroughtBack() throws IOException {
    Path upper = Files.createDirectory(folder.resolve("diff"));
    assertFalse(UpperDisk.of(upper).reused());
    assertTrue(UpperDisk.of(upper).isReturned());

    Files.createFile(UpperDisk.of(upper).file());
    Path aside = Files.createDirectory(UpperDisk.of(upper).aside());
    // A guest may put there what it likes.
    Files.createSymbolicLink(aside.resolve("returned"), Path.of("/etc/passwd"));
    assertTrue(UpperDisk.of(upper).reused());
    assertFalse(UpperDisk.of(upper).isReturned());

    Files.delete(aside.resolve("returned"));
    Files.createFile(aside.resolve("returned"));
    assertFalse(UpperDisk.of(upper).reused());
    assertTrue(UpperDisk.of(upper).isReturned());
  }

  @Test
  void aDiskIsASparseFileForItsOwnerAlone() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/sbin/mkfs.ext4")), "mkfs.ext4 is not installed");
    Path upper = Files.createDirectory(folder.resolve("diff"));
    UpperDisk disk = UpperDisk.of(upper);
    Path one = Files.createDirectory(folder.resolve("one"));
    Path two = Files.createDirectory(folder.resolve("two"));

    new DiskUpper(upper, disk, one, 1 << 20).make();

    assertEquals(1L << 40, Files.size(disk.file()));
    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(disk.file())));
    // As long as nothing is written it takes next to nothing.
    assertTrue(allocated(disk.file()) < 32 << 20, "allocated " + allocated(disk.file()));
    Object before = Files.getAttribute(disk.file(), "unix:ino");
    assertFalse(disk.isOfAnother(one));
    assertFalse(disk.isOfAnother(Files.createSymbolicLink(folder.resolve("link"), one)));
    UpperDisk reused = new UpperDisk(disk.file(), disk.aside(), true);
    new DiskUpper(upper, reused, two, 64).make();
    assertEquals(before, Files.getAttribute(disk.file(), "unix:ino"));
    assertTrue(disk.isOfAnother(one));
    assertFalse(disk.isOfAnother(two));
    disk.removeFile();
    assertFalse(disk.isOfAnother(one));
  }

  @Test
  void aFileSystemThatCannotBeMadeLeavesNothing() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/sbin/mkfs.ext4")), "mkfs.ext4 is not installed");
    Path nowhere = folder.resolve("no/such/disk");
    Path taken = Files.createDirectories(folder.resolve("taken/by/others")).getParent();

    assertThrows(IOException.class, () -> FileSystemImage.make(nowhere, 64));
    assertThrows(IOException.class, () -> FileSystemImage.make(taken, 64));

    assertTrue(Files.notExists(taken.resolve(".makingby")));
  }

  private static long allocated(Path file) throws IOException {
    Process du = new ProcessBuilder("du", "-B1", file.toString()).start();
    String text = new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return Long.parseLong(text.substring(0, text.indexOf('\t')));
  }
}
