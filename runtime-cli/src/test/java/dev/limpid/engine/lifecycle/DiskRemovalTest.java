package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.RecordingJournal;
import dev.limpid.vm.rootfs.UpperDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk goes only if nothing is lost with it. */
class DiskRemovalTest {
  private final RecordingJournal journal = new RecordingJournal();
  private Path upper;
  private Path container;

  @BeforeEach
  void makeUpper(@TempDir Path folder) throws IOException {
    upper = Files.createDirectory(folder.resolve("diff"));
    container = Files.createDirectory(folder.resolve("web")).toRealPath();
  }

  private UpperDisk disk(boolean there, boolean returned, boolean reused) throws IOException {
    UpperDisk disk = UpperDisk.of(upper);
    Files.createDirectories(disk.aside());
    if (there) {
      Files.createFile(disk.file());
    }
    if (returned) {
      Files.createFile(disk.aside().resolve("returned"));
    }
    return new UpperDisk(disk.file(), disk.aside(), reused);
  }

  private void assertGone(UpperDisk disk) {
    assertTrue(Files.notExists(disk.file()) && Files.notExists(disk.aside()));
    assertEquals(0, journal.records().size());
  }

  @Test
  void goesWhenAllHasBeenBroughtBack() throws IOException {
    UpperDisk disk = disk(true, true, true);
    DiskRemoval.afterEnd(disk, container, true, journal);
    assertGone(disk);
  }

  @Test
  void staysWithAWordOfWhereWhenItHasNot() throws IOException {
    for (boolean reused : new boolean[] {false, true}) {
      UpperDisk disk = disk(!reused, false, reused);
      DiskRemoval.afterEnd(disk, container, true, journal);
      assertTrue(Files.exists(disk.file()));
    }
    assertEquals(2, journal.records().size());
    assertTrue(
        journal.records().get(0).contains(upper.resolveSibling(".limpid-disk-diff").toString()));
  }

  @Test
  void goesIfTheContainerWasNeverMade() throws IOException {
    UpperDisk disk = disk(true, false, false);
    DiskRemoval.afterEnd(disk, container, false, journal);
    assertGone(disk);
    disk = disk(true, false, false);
    DiskRemoval.afterFailure(disk, container);
    assertGone(disk);
    disk = disk(false, false, false);
    DiskRemoval.afterFailure(disk, container);
    assertGone(disk);
  }

  @Test
  void whatAnotherRunHasLeftStaysIfTheContainerWasNeverMade() throws IOException {
    UpperDisk disk = disk(true, false, true);
    DiskRemoval.beforeUse(disk);
    DiskRemoval.afterFailure(disk, container);
    DiskRemoval.afterEnd(disk, container, false, journal);
    assertTrue(Files.exists(disk.file()));
    assertEquals(1, journal.records().size());
  }

  @Test
  void anothersStays() throws IOException {
    UpperDisk disk = disk(true, false, false);
    Path owner = upper.resolveSibling(".limpid-owner-diff");
    Path another = Files.createDirectory(Path.of(container + "-2"));
    Files.writeString(owner, another.toString());
    DiskRemoval.afterFailure(disk, container);
    for (boolean created : new boolean[] {false, true}) {
      DiskRemoval.afterEnd(disk, container, created, journal);
    }
    assertTrue(Files.exists(disk.file()) && Files.exists(disk.aside()));
    assertEquals(2, journal.records().size());
    assertTrue(journal.records().get(0).contains(disk.file() + " stays"), journal.records().get(0));

    // While that one's is being made there is none, and what a former one has brought back is
    // there.
    Files.delete(disk.file());
    DiskRemoval.afterEnd(disk, container, true, journal);
    assertTrue(Files.exists(disk.aside()) && Files.exists(owner));
    Files.createFile(disk.file());

    // It is gone, and so is whatever it could want.
    Files.delete(another);
    DiskRemoval.afterFailure(disk, container);
    assertTrue(Files.notExists(disk.file()) && Files.notExists(owner));
  }

  @Test
  void whatDoesNotCountIsRemovedBeforeAnotherIsMade() throws IOException {
    disk(true, true, false);
    UpperDisk disk = UpperDisk.of(upper);
    DiskRemoval.beforeUse(disk);
    assertGone(disk);
  }
}
