package dev.limpid.engine.rootfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limpid.config.RootfsMode;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.RecordingJournal;
import dev.limpid.oci.ContainerId;
import dev.limpid.proto.GuestMount;
import dev.limpid.proto.GuestUpper;
import dev.limpid.proto.MountFlag;
import dev.limpid.vm.layer.LayerBounds;
import dev.limpid.vm.layer.LayerProgress;
import dev.limpid.vm.layer.LayerStore;
import dev.limpid.vm.mountinfo.HostMount;
import dev.limpid.vm.mountinfo.MountTable;
import dev.limpid.vm.rootfs.EphemeralRootfs;
import dev.limpid.vm.rootfs.LayeredRootfs;
import dev.limpid.vm.rootfs.Rootfs;
import dev.limpid.vm.rootfs.SharedRootfs;
import dev.limpid.vm.rootfs.UpperDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which root filesystems go by layers. */
class RootfsChoiceTest {
  private static final String UPPER = "/run/limpid/upper";

  private final RecordingJournal journal = new RecordingJournal();
  private Landlock landlock = new Landlock(Path.of("/no/such/file"));
  private static final Path SHIM = Path.of("../build/host/limpid-shim").toAbsolutePath();

  private RootfsRequest request = configured(RootfsMode.AUTO);
  private Path base;
  private Path merged;
  private Path lower;
  private String device;

  @BeforeEach
  void prepare(@TempDir Path folder) throws IOException {
    base = folder.toRealPath();
    merged = Files.createDirectories(base.resolve("1/merged"));
    lower = Files.createDirectories(base.resolve("lower"));
    device = HostMount.deviceOf(merged);
  }

  @Test
  void whatIsNoMountIsShared() {
    assertEquals(new SharedRootfs(merged), choose(new MountTable(List.of())));
    assertEquals(
        new SharedRootfs(merged),
        choose(
            new MountTable(List.of(mount(base.resolve("1"), "overlay", "rw,lowerdir=" + lower)))));
    assertEquals(List.of(), journal.records());
  }

  @Test
  void anotherMountIsShared() {
    assertEquals(
        new SharedRootfs(merged),
        choose(new MountTable(List.of(mount(merged, "ext4", "rw,lowerdir=" + lower)))));
    assertEquals(List.of(), journal.records());
  }

  @Test
  void anOverlayThatCannotBeTakenApartIsSharedAndItIsSaid() {
    assertEquals(new SharedRootfs(merged), choose(overlay("rw,lowerdir=/no/such")));
    assertEquals(
        List.of(
            "warning: root.path: "
                + merged
                + ": the layers of this overlay can't be used directly, it is shared as a whole:"
                + " its lower directory /no/such is not a directory that can be reached"),
        journal.records());
  }

  @Test
  void aPartOfAnOverlayIsSharedAndItIsSaid() throws IOException {
    Path upper = Files.createDirectories(base.resolve("1/diff"));
    String options = "rw,lowerdir=" + lower + ",upperdir=" + upper;
    for (HostMount part :
        List.of(
            new HostMount(device, Path.of("/sub"), merged, false, "overlay", options),
            new HostMount("0:1", Path.of("/"), merged, false, "overlay", options))) {
      assertEquals(new SharedRootfs(merged), choose(new MountTable(List.of(part))));
      List<String> records = journal.records();
      assertTrue(
          records.get(records.size() - 1).endsWith(": only a part of it is mounted there"),
          journal.records().toString());
    }
  }

  @Test
  void anOverlayWithMountsBelowItIsShared() {
    MountTable mounts =
        new MountTable(
            List.of(
                mount(merged, "overlay", "rw,lowerdir=" + lower),
                mount(merged.resolve("mnt"), "tmpfs", "rw")));
    assertEquals(new SharedRootfs(merged), choose(mounts));
    assertTrue(
        journal.records().get(0).endsWith(": something else is mounted below it"),
        journal.records().toString());
  }

  @Test
  void aReadOnlyOverlayWithAnUpperDirectoryIsShared() throws IOException {
    Path upper = Files.createDirectories(base.resolve("1/diff"));
    String options = "rw,lowerdir=" + lower + ",upperdir=" + upper;
    HostMount readOnly = new HostMount(device, Path.of("/"), merged, true, "overlay", options);
    assertEquals(new SharedRootfs(merged), choose(new MountTable(List.of(readOnly))));
  }

  @Test
  void withoutLandlockAnUpperDirectoryIsNotGivenAway() throws IOException {
    Path upper = Files.createDirectories(base.resolve("1/diff"));
    Path modules = Files.writeString(base.resolve("lsm"), "capability,yama,apparmor");
    landlock = new Landlock(modules);
    assertEquals(
        new SharedRootfs(merged), choose(overlay("rw,lowerdir=" + lower + ",upperdir=" + upper)));
    assertTrue(journal.records().get(0).contains("Landlock"), journal.records().toString());
  }

  @Test
  void whatAnImageCannotHoldIsSharedAndItIsSaid() throws IOException {
    assumeTrue(Files.isExecutable(SHIM), "the shim has not been built");
    Files.createFile(lower.resolve("n".repeat(255)));

    assertEquals(new SharedRootfs(merged), choose(overlay("rw,lowerdir=" + lower)));
    assertTrue(
        journal.records().get(0).endsWith(": its name has more than 254 bytes"),
        journal.records().toString());
  }

  @Test
  void namesTheLayerOfWhichNoImageCanBeMade() throws IOException {
    Files.createFile(base.resolve("layers"));

    EngineException e =
        assertThrows(EngineException.class, () -> choose(overlay("rw,lowerdir=" + lower)));

    assertTrue(
        e.getMessage().startsWith("root.path: " + merged + ": layer " + lower), e.getMessage());
  }

  @Test
  void anOverlayGoesByLayers() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfs.erofs")), "mkfs.erofs is not installed");
    assumeTrue(Files.isExecutable(SHIM), "the shim has not been built");
    Path upper = Files.createDirectories(base.resolve("1/diff"));

    Rootfs rootfs = choose(overlay("rw,lowerdir=" + lower + ":" + lower + ",upperdir=" + upper));

    assertTrue(rootfs instanceof LayeredRootfs, rootfs.toString());
    assertEquals(2, rootfs.devices().size());
    assertEquals(List.of(base.resolve("1/.limpid-work-web")), rootfs.releases());
    assertEquals(List.of(), journal.records());
  }

  @Test
  void anOverlayIsSharedIfThatIsAskedFor() {
    request = annotated(RootfsMode.SHARED);

    assertEquals(new SharedRootfs(merged), choose(overlay("rw,lowerdir=" + lower)));
    assertEquals(List.of(), journal.records());
  }

  @Test
  void nothingIsSharedIfLayersAreAskedFor() {
    request = annotated(RootfsMode.LAYERS);
    String words =
        "config.json: annotations[\"dev.limpid.rootfs\"]: layers: not possible for " + merged;

    EngineException plain =
        assertThrows(EngineException.class, () -> choose(new MountTable(List.of())));
    EngineException unusable =
        assertThrows(EngineException.class, () -> choose(overlay("rw,lowerdir=/no/such")));

    assertEquals(
        words
            + ": it is no overlay, and only the layers of one, or what is read-only"
            + " (root.readonly), never change",
        plain.getMessage());
    assertEquals(
        words + ": its lower directory /no/such is not a directory that can be reached",
        unusable.getMessage());
    assertEquals(List.of(), journal.records());
  }

  @Test
  void aReadOnlyDirectoryIsALayerIfThatIsAskedFor() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfs.erofs")), "mkfs.erofs is not installed");
    MountTable none = new MountTable(List.of());
    request = new RootfsRequest(RootfsMode.LAYERS, true, 64, true, false);

    Rootfs rootfs = choose(none);

    assertTrue(rootfs instanceof LayeredRootfs, rootfs.toString());
    assertEquals(1, rootfs.devices().size());
    assertEquals(
        GuestMount.bind("/run/limpid/layers/0", "/run/limpid/rootfs", MountFlag.RO),
        rootfs.mounts().get(1));
    // Who has not asked for it may change the directory meanwhile.
    request = new RootfsRequest(RootfsMode.LAYERS, false, 64, true, false);
    assertEquals(new SharedRootfs(merged), choose(none));
  }

  /** What becomes of the wishes that are not possible: words of the annotation, and of the log. */
  private void isRefusedOrReplaced(RootfsMode mode, MountTable mounts, String reason) {
    request = annotated(mode);
    EngineException e = assertThrows(EngineException.class, () -> choose(mounts));
    assertTrue(
        e.getMessage()
            .startsWith(
                "config.json: annotations[\"dev.limpid.rootfs\"]: "
                    + mode.word()
                    + ": not possible for "
                    + merged
                    + ": "
                    + reason),
        e.getMessage());
    int said = journal.records().size();
    request = configured(mode);
    Rootfs replacement = choose(mounts);
    request = configured(RootfsMode.AUTO);
    assertEquals(choose(mounts).getClass(), replacement.getClass());
    assertEquals(Optional.empty(), replacement.disk());
    assertEquals(Optional.empty(), replacement.filling());
    assertTrue(journal.records().get(said).contains(reason), journal.records().toString());
  }

  @Test
  void aDirectoryHasNowhereToBringADiskBackTo() {
    isRefusedOrReplaced(RootfsMode.DISK, new MountTable(List.of()), "it is no overlay");
    isRefusedOrReplaced(
        RootfsMode.DISK, new MountTable(List.of(mount(merged, "ext4", "rw"))), "it is no overlay");
  }

  @Test
  void nothingIsMountedBelowWhatDoesNotGoLive() {
    MountTable below = new MountTable(List.of(mount(merged.resolve("mnt"), "tmpfs", "rw")));

    isRefusedOrReplaced(RootfsMode.TMPFS, below, "something else is mounted below it");
  }

  @Test
  void anOverlayIsTakenApartForADiskOrMemory() {
    for (RootfsMode mode : List.of(RootfsMode.DISK, RootfsMode.TMPFS)) {
      isRefusedOrReplaced(
          mode, overlay("rw,lowerdir=/no/such"), "its lower directory /no/such is not");
    }
  }

  @Test
  void aDiskIsForWhatIsWritten() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfs.erofs")), "mkfs.erofs is not installed");
    MountTable readOnly = overlay("rw,lowerdir=" + lower + ":" + lower);

    isRefusedOrReplaced(RootfsMode.DISK, readOnly, "it has no upper directory");
  }

  @Test
  void anEnginesUpperDirectoryGetsWhatIsWritten() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfs.erofs")), "mkfs.erofs is not installed");
    Path upper = Files.createDirectories(base.resolve("overlay2/" + "0a".repeat(32) + "/diff"));
    MountTable mounts = overlay("rw,lowerdir=" + lower + ",upperdir=" + upper);

    isRefusedOrReplaced(RootfsMode.TMPFS, mounts, "its upper directory is an engine's");

    request = new RootfsRequest(RootfsMode.TMPFS, true, 64, false, true);
    assertEquals(
        Optional.of(new GuestUpper(UPPER, "/run/limpid/share/upper", Optional.empty(), false)),
        choose(mounts).filling());
  }

  @Test
  void whatIsWrittenCanGoToMemory() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfs.erofs")), "mkfs.erofs is not installed");
    Path upper = Files.createDirectories(base.resolve("1/diff"));
    request = annotated(RootfsMode.TMPFS);

    Rootfs ofOverlay = choose(overlay("rw,lowerdir=" + lower + ",upperdir=" + upper));
    Rootfs ofReadOnly = choose(overlay("rw,lowerdir=" + lower + ":" + lower));

    assertEquals(
        Optional.of(new GuestUpper(UPPER, "/run/limpid/share/upper", Optional.empty(), false)),
        ofOverlay.filling());
    assertEquals(
        Optional.of(new GuestUpper(UPPER, "/run/limpid/layers/0", Optional.empty(), true)),
        ofReadOnly.filling());
    assertEquals(new EphemeralRootfs(merged), choose(new MountTable(List.of())));
    assertEquals(List.of(), journal.records());
  }

  @Test
  void whatIsWrittenCanGoToADisk() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfs.erofs")), "mkfs.erofs is not installed");
    Path upper = Files.createDirectories(base.resolve("1/diff"));
    MountTable mounts = overlay("rw,lowerdir=" + lower + ",upperdir=" + upper);
    UpperDisk fresh =
        new UpperDisk(
            base.resolve("1/.limpid-disk-diff"), base.resolve("1/.limpid-back-diff"), false);
    request = configured(RootfsMode.DISK);

    assertEquals(Optional.of(fresh), choose(mounts).disk());
    assertEquals(List.of(), journal.records());

    Files.createFile(fresh.file());
    assertEquals(
        Optional.of(new UpperDisk(fresh.file(), fresh.aside(), true)), choose(mounts).disk());
    assertTrue(
        journal.records().get(0).contains("the container goes on with what it had written to"),
        journal.records().toString());
    // Nor does what becomes of any way if layers can't be had.
    landlock = new Landlock(Files.writeString(base.resolve("lsm"), "capability,yama"));
    EngineException forgotten = assertThrows(EngineException.class, () -> choose(mounts));
    assertTrue(forgotten.getMessage().contains("is still on "), forgotten.getMessage());
    landlock = new Landlock(Path.of("/no/such/file"));
    // No other way would find it there.
    for (RootfsMode other : RootfsMode.values()) {
      request = configured(other);
      if (other != RootfsMode.DISK) {
        EngineException e = assertThrows(EngineException.class, () -> choose(mounts), other.word());
        assertTrue(e.getMessage().contains("is still on " + fresh.file()), e.getMessage());
      }
    }

    Files.createFile(Files.createDirectory(fresh.aside()).resolve("returned"));
    for (RootfsMode any : RootfsMode.values()) {
      request = configured(any);
      assertEquals(any == RootfsMode.DISK, choose(mounts).disk().equals(Optional.of(fresh)));
    }
  }

  @Test
  void aVmThatRunsGetsOneFolder() {
    RootfsChoice ways =
        new RootfsChoice(
            new LayerStore(
                base.resolve("layers"), SHIM, new LayerBounds(0, 1L << 30), LayerProgress.NONE),
            landlock,
            journal);
    MountTable none = new MountTable(List.of());
    for (RootfsMode mode : RootfsMode.values()) {
      int before = journal.records().size();
      assertEquals(new SharedRootfs(merged), ways.inRunningVm(merged, none, configured(mode)));
      if (mode == RootfsMode.AUTO || mode == RootfsMode.SHARED) {
        assertEquals(before, journal.records().size());
        assertEquals(new SharedRootfs(merged), ways.inRunningVm(merged, none, annotated(mode)));
      } else {
        assertEquals(before + 1, journal.records().size());
        EngineException e =
            assertThrows(
                EngineException.class, () -> ways.inRunningVm(merged, none, annotated(mode)));
        assertTrue(
            e.getMessage().endsWith(": the container joins a virtual machine that runs already"),
            e.getMessage());
      }
    }
  }

  private static RootfsRequest configured(RootfsMode mode) {
    return new RootfsRequest(mode, false, 64, false, false);
  }

  private static RootfsRequest annotated(RootfsMode mode) {
    return new RootfsRequest(mode, true, 64, false, false);
  }

  private HostMount mount(Path place, String type, String options) {
    return new HostMount(device, Path.of("/"), place, false, type, options);
  }

  private MountTable overlay(String options) {
    return new MountTable(List.of(mount(merged, "overlay", options)));
  }

  private Rootfs choose(MountTable mounts) {
    try (LayerStore layers =
        new LayerStore(
            base.resolve("layers"), SHIM, new LayerBounds(0, 1L << 30), LayerProgress.NONE)) {
      return new RootfsChoice(layers, landlock, journal)
          .choose(merged, mounts, new ContainerId("web"), base, request);
    }
  }
}
