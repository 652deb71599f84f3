package dev.limpid.vm.cgroup;

import dev.limpid.vm.cgroup.CgroupTree.Hierarchy;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Makes the directories of a control group, and removes them. */
public final class CgroupDirectories {
  /** How long processes may take to be gone that have been killed, or are about to end. */
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private CgroupDirectories() {}

  /**
   * Refuses a group that others are in: they would share its limits, and its end.
   *
   * @throws CgroupException if there is a process in it
   */
  public static void refuseUsed(HostCgroup cgroup) throws CgroupException {
    for (Path directory : cgroup.directories()) {
      String processes = read(directory.resolve("cgroup.procs")).strip();
      if (!processes.isEmpty()) {
        throw new CgroupException(
            directory
                + ": container's cgroup is not empty: process "
                + processes.split("\n", 2)[0]
                + " is in it");
      }
    }
  }

  /**
   * Makes all of them, with what lies above, and lets their limits be set. Those that are there
   * already stay.
   *
   * @throws CgroupException naming the directory that can't be made
   */
  public static void make(CgroupTree tree, HostCgroup cgroup) throws CgroupException {
    for (int i = 0; i < cgroup.directories().size(); i++) {
      Hierarchy hierarchy = tree.hierarchies().get(i);
      Path mountPoint = hierarchy.mountPoint();
      Path at = mountPoint;
      for (Path component : mountPoint.relativize(cgroup.directories().get(i))) {
        if (tree.version() == Version.V2) {
          handControllersOn(at);
        }
        at = at.resolve(component);
        make(at);
        if (hierarchy.controllers().contains("cpuset")) {
          inherit(at, "cpuset.cpus");
          inherit(at, "cpuset.mems");
        }
      }
    }
  }

  /**
   * Removes them, and what may have been made below; what lies above stays. Waits until the
   * processes in them are gone.
   *
   * @throws CgroupException naming the directory that can't be removed
   */
  public static void remove(HostCgroup cgroup) throws CgroupException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    for (Path directory : cgroup.directories()) {
      while (!isRemoved(directory)) {
        if (System.nanoTime() - deadline > 0) {
          throw new CgroupException(
              directory
                  + ": cannot remove: process "
                  + read(directory.resolve("cgroup.procs")).strip().split("\n", 2)[0]
                  + " is still in it");
        }
        try {
          Thread.sleep(2);
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
          throw new CgroupException(directory + ": cannot remove: interrupted", interrupted);
        }
      }
    }
  }

  private static void make(Path directory) throws CgroupException {
    try {
      Files.createDirectory(directory);
    } catch (FileAlreadyExistsException there) {
      if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        throw new CgroupException(directory + ": not a directory", there);
      }
    } catch (IOException failed) {
      throw new CgroupException(directory + ": cannot create: " + reason(failed), failed);
    }
  }

  /** In version 1 a new group has no processors and no memory nodes, and takes no process. */
  private static void inherit(Path directory, String file) throws CgroupException {
    Path own = directory.resolve(file);
    if (!read(own).strip().isEmpty()) {
      return;
    }
    write(own, read(directory.resolveSibling(file)).strip());
  }

  /** What a parent does not hand on has no files below it. Some can't be: limits will tell. */
  private static void handControllersOn(Path directory) throws CgroupException {
    Path file = directory.resolve("cgroup.subtree_control");
    String handed = " " + read(file).strip() + " ";
    for (String controller : read(directory.resolve("cgroup.controllers")).strip().split(" ", -1)) {
      if (!controller.isEmpty() && !handed.contains(" " + controller + " ")) {
        try {
          Files.writeString(file, "+" + controller, StandardOpenOption.WRITE);
        } catch (IOException refused) {
          // A group that has processes may not, and some controllers have conditions of their own.
        }
      }
    }
  }

  /** Removes a directory and those below it, unless there are processes. */
  private static boolean isRemoved(Path directory) throws CgroupException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS) && !isRemoved(entry)) {
          return false;
        }
      }
    } catch (NoSuchFileException gone) {
      return true;
    } catch (IOException failed) {
      throw new CgroupException(directory + ": cannot list: " + reason(failed), failed);
    }
    try {
      Files.deleteIfExists(directory);
      return true;
    } catch (FileSystemException busy) {
      return false;
    } catch (IOException failed) {
      throw new CgroupException(directory + ": cannot remove: " + reason(failed), failed);
    }
  }

  private static String read(Path file) throws CgroupException {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException none) {
      return "";
    } catch (IOException failed) {
      throw new CgroupException(file + ": cannot read: " + reason(failed), failed);
    }
  }

  private static void write(Path file, String text) throws CgroupException {
    try {
      Files.writeString(file, text, StandardOpenOption.WRITE);
    } catch (IOException failed) {
      throw new CgroupException(file + ": cannot write: " + reason(failed), failed);
    }
  }

  /** The kernel's words alone: the file is named already. */
  static String reason(IOException failed) {
    if (failed instanceof FileSystemException system && system.getReason() != null) {
      return system.getReason();
    }
    return failed instanceof NoSuchFileException ? "no such file" : failed.getMessage();
  }
}
