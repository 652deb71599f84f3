package dev.limpid.vm.cgroup;

import dev.limpid.vm.cgroup.CgroupTree.Hierarchy;
import dev.limpid.vm.cgroup.CgroupTree.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Makes the directories of a control group, and removes them. */
public final class CgroupDirectories {
  /** How long processes may take to be gone that have been killed, or are about to end. */
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private static final String PROCESSES = "cgroup.procs";

  private CgroupDirectories() {}

  /**
   * Refuses a group that others are in, or have made groups in: they would share its limits, and
   * its end.
   *
   * @throws CgroupException if there is a process or a group in it
   */
  public static void refuseUsed(HostCgroup cgroup) throws CgroupException {
    for (Path directory : cgroup.directories()) {
      List<Path> inside = groupsIn(directory);
      if (!inside.isEmpty()) {
        throw new CgroupException(
            directory
                + ": container's cgroup is not empty: there is a group "
                + inside.get(0).getFileName()
                + " in it");
      }
      String processes = read(directory.resolve(PROCESSES)).strip();
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
   * @param made told of each of them as soon as it has been made; not of what lies above, nor of
   *     one that was there
   * @throws CgroupException naming the directory that can't be made
   */
  public static void make(CgroupTree tree, HostCgroup cgroup, Consumer<Path> made)
      throws CgroupException {
    for (int i = 0; i < cgroup.directories().size(); i++) {
      Hierarchy hierarchy = tree.hierarchies().get(i);
      Path mountPoint = hierarchy.mountPoint();
      Path at = mountPoint;
      for (Path component : mountPoint.relativize(cgroup.directories().get(i))) {
        if (tree.version() == Version.V2) {
          handControllersOn(at);
        }
        at = at.resolve(component);
        if (make(at) && at.equals(cgroup.directories().get(i))) {
          made.accept(at);
        }
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
  public static void remove(List<Path> directories) throws CgroupException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    for (Path directory : directories) {
      while (!isRemoved(directory)) {
        if (System.nanoTime() - deadline > 0) {
          throw new CgroupException(
              directory
                  + ": cannot remove: process "
                  + read(directory.resolve(PROCESSES)).strip().split("\n", 2)[0]
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

  /** Returns false if it was there. */
  private static boolean make(Path directory) throws CgroupException {
    try {
      Files.createDirectory(directory);
      return true;
    } catch (FileAlreadyExistsException there) {
      if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        throw new CgroupException(directory + ": not a directory", there);
      }
      return false;
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

  /**
   * The processes in them and below.
   *
   * @return their pids
   * @throws CgroupException naming what can't be read
   */
  public static Set<Long> processes(HostCgroup cgroup) throws CgroupException {
    Set<Long> pids = new LinkedHashSet<>();
    for (Path directory : cgroup.directories()) {
      addProcesses(directory, pids);
    }
    return pids;
  }

  private static void addProcesses(Path directory, Set<Long> pids) throws CgroupException {
    for (String pid : read(directory.resolve(PROCESSES)).split("\n", -1)) {
      // Those of another pid namespace are shown as 0.
      if (!pid.isEmpty() && !pid.equals("0")) {
        pids.add(Long.valueOf(pid));
      }
    }
    for (Path below : groupsIn(directory)) {
      addProcesses(below, pids);
    }
  }

  /** The directories in one; none if it is gone. */
  private static List<Path> groupsIn(Path directory) throws CgroupException {
    List<Path> groups = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          groups.add(entry);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException none) {
      return List.of();
    } catch (IOException | DirectoryIteratorException failed) {
      throw new CgroupException(directory + ": cannot list: " + failed.getMessage(), failed);
    }
    return groups;
  }

  /** Removes a directory and those below it, unless there are processes. */
  private static boolean isRemoved(Path directory) throws CgroupException {
    for (Path below : groupsIn(directory)) {
      if (!isRemoved(below)) {
        return false;
      }
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
