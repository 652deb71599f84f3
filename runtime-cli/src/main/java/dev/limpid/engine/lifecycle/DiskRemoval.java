package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.Journal;
import dev.limpid.engine.container.FolderRemoval;
import dev.limpid.vm.rootfs.UpperDisk;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The end of a disk that a container has written to: it goes if the host's upper directory has all
 * that is on it. The file goes first: without it, what the folder beside it says means nothing.
 */
final class DiskRemoval {
  private DiskRemoval() {}

  /**
   * Removes what a former container has left and does not count any more.
   *
   * @throws EngineException naming what can't be removed
   */
  static void beforeUse(UpperDisk disk) {
    if (!disk.reused()) {
      remove(disk);
    }
  }

  /**
   * The container could not be made. What another one had left before stays, and so does what
   * another one goes on with.
   *
   * @param container the container's directory
   * @throws EngineException naming what can't be removed
   */
  static void afterFailure(UpperDisk disk, Path container) {
    if (!disk.reused() && !isOfAnother(disk, container)) {
      remove(disk);
    }
  }

  /**
   * The container is removed.
   *
   * @param container the container's directory
   * @param created whether it came so far that it could have written something
   * @throws EngineException naming what can't be removed
   */
  static void afterEnd(UpperDisk disk, Path container, boolean created, Journal journal) {
    // First: as long as another one's is being made, it looks as if there were none.
    if (isOfAnother(disk, container)) {
      journal.warn(
          disk.file() + " stays: another container has been made with this upper directory since");
    } else if (disk.isReturned() || (!created && !disk.reused())) {
      remove(disk);
    } else {
      journal.warn(
          "what the container has written could not be brought back: it is on "
              + disk.file()
              + ", and the next container with this upper directory goes on with it");
    }
  }

  private static boolean isOfAnother(UpperDisk disk, Path container) {
    try {
      return disk.isOfAnother(container);
    } catch (IOException failed) {
      throw new EngineException(
          disk.file() + ": cannot tell whose it is: " + failed.getMessage(), failed);
    }
  }

  private static void remove(UpperDisk disk) {
    try {
      disk.removeFile();
    } catch (IOException failed) {
      throw new EngineException(disk.file() + ": cannot remove: " + failed, failed);
    }
    FolderRemoval.remove(disk.aside());
  }
}
