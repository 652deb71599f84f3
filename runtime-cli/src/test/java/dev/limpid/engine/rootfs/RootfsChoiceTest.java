package dev.limpid.engine.rootfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.RecordingJournal;
import dev.limpid.oci.ContainerId;
import dev.limpid.vm.layer.LayerStore;
import dev.limpid.vm.mountinfo.HostMount;
import dev.limpid.vm.mountinfo.MountTable;
import dev.limpid.vm.rootfs.LayeredRootfs;
import dev.limpid.vm.rootfs.Rootfs;
import dev.limpid.vm.rootfs.SharedRootfs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which root filesystems go by layers. */
class RootfsChoiceTest {
  private final RecordingJournal journal = new RecordingJournal();
  private Landlock landlock = new Landlock(Path.of("/no/such/file"));
  private RootfsMode mode = RootfsMode.AUTO;
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
  void tooManyLayersAreSharedAndItIsSaid() {
    String lowers = String.join(":", Collections.nCopies(153, lower.toString()));

    assertEquals(new SharedRootfs(merged), choose(overlay("rw,lowerdir=" + lowers)));
    assertTrue(
        journal.records().get(0).endsWith(": it has more than 152 layers"),
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
    Path upper = Files.createDirectories(base.resolve("1/diff"));

    Rootfs rootfs = choose(overlay("rw,lowerdir=" + lower + ":" + lower + ",upperdir=" + upper));

    assertTrue(rootfs instanceof LayeredRootfs, rootfs.toString());
    assertEquals(2, rootfs.devices().size());
    assertEquals(List.of(base.resolve("1/.limpid-work-web")), rootfs.releases());
    assertEquals(List.of(), journal.records());
  }

  @Test
  void anOverlayIsSharedIfThatIsAskedFor() {
    mode = RootfsMode.SHARED;

    assertEquals(new SharedRootfs(merged), choose(overlay("rw,lowerdir=" + lower)));
    assertEquals(List.of(), journal.records());
  }

  @Test
  void nothingIsSharedIfDaxIsAskedFor() {
    mode = RootfsMode.DAX;
    String words =
        "config.json: annotations[\"dev.limpid.rootfs\"]: dax: not possible for " + merged;

    EngineException plain =
        assertThrows(EngineException.class, () -> choose(new MountTable(List.of())));
    EngineException unusable =
        assertThrows(EngineException.class, () -> choose(overlay("rw,lowerdir=/no/such")));
    EngineException tooMany =
        assertThrows(
            EngineException.class,
            () ->
                choose(
                    overlay(
                        "rw,lowerdir="
                            + String.join(":", Collections.nCopies(153, lower.toString())))));

    assertEquals(
        words + ": it is no overlay, and only the layers of one never change", plain.getMessage());
    assertEquals(
        words + ": its lower directory /no/such is not a directory that can be reached",
        unusable.getMessage());
    assertEquals(words + ": it has more than 152 layers", tooMany.getMessage());
    assertEquals(List.of(), journal.records());
  }

  private HostMount mount(Path place, String type, String options) {
    return new HostMount(device, Path.of("/"), place, false, type, options);
  }

  private MountTable overlay(String options) {
    return new MountTable(List.of(mount(merged, "overlay", options)));
  }

  private Rootfs choose(MountTable mounts) {
    return new RootfsChoice(new LayerStore(base.resolve("layers")), landlock, journal)
        .choose(merged, mounts, new ContainerId("web"), base, mode);
  }
}
