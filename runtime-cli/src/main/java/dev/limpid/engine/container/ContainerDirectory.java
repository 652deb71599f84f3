package dev.limpid.engine.container;

import dev.limpid.engine.EngineException;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.config.Config;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.state.Status;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * One container's directory below the root: what is known of it, its lock, and the sockets of its
 * shim (docs/shim.md).
 */
public final class ContainerDirectory {
  private static final String LOCK = "lock";
  private static final String PROCESSES = "processes";

  /** A symbolic link to the container's file in {@link VmMembers}. */
  private static final String VM = "vm";

  private final Path path;

  ContainerDirectory(Path path) {
    this.path = path;
  }

  /** The directory itself; absolute. */
  public Path path() {
    return path;
  }

  /** The name of the user who made it. */
  public String owner() {
    try {
      return Files.getOwner(path).getName();
    } catch (IOException gone) {
      return "";
    }
  }

  /**
   * Keeps a copy of config.json: the verbs after {@code create} go by it, as the bundle may change.
   */
  public void saveConfig(JsonObject config) {
    AtomicFile.write(path.resolve(ConfigParser.FILE_NAME), JsonWriter.compact().writeBytes(config));
  }

  /** The config.json that the container was made of. */
  public Config savedConfig() {
    try {
      return ConfigParser.read(path.resolve(ConfigParser.FILE_NAME)).config();
    } catch (IOException failed) {
      throw new EngineException(
          path.resolve(ConfigParser.FILE_NAME) + ": cannot read: " + failed.getMessage(), failed);
    }
  }

  /**
   * Keeps every other verb that changes this container out, until the lock is closed.
   *
   * @throws EngineException if the container is gone
   */
  public ContainerLock lock() {
    Path file = path.resolve(LOCK);
    try {
      while (true) {
        // Who had the lock before may have removed the directory, and somebody else made it anew.
        Object before = identity(file);
        ContainerLock lock = lock(FileChannel.open(file, StandardOpenOption.WRITE));
        if (before.equals(identityIfAny(file))) {
          return lock;
        }
        lock.close();
      }
    } catch (NoSuchFileException gone) {
      throw new NoSuchContainerException();
    } catch (IOException failed) {
      throw new EngineException(path + ": cannot lock: " + failed.getMessage(), failed);
    }
  }

  /**
   * The same if it is free.
   *
   * @return empty if another verb changes this container
   * @throws EngineException if the container is gone
   */
  public Optional<ContainerLock> lockIfFree() {
    Path file = path.resolve(LOCK);
    boolean kept = false;
    try {
      Object before = identity(file);
      FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
      try {
        FileLock lock = channel.tryLock();
        kept = lock != null && before.equals(identityIfAny(file));
        return kept ? Optional.of(new ContainerLock(channel, lock)) : Optional.empty();
      } finally {
        if (!kept) {
          channel.close();
        }
      }
    } catch (NoSuchFileException gone) {
      throw new NoSuchContainerException();
    } catch (IOException failed) {
      throw new EngineException(path + ": cannot lock: " + failed.getMessage(), failed);
    }
  }

  /** Makes the file of the lock, and takes it. */
  ContainerLock makeLock() throws IOException {
    return lock(
        FileChannel.open(
            path.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  private static ContainerLock lock(FileChannel channel) throws IOException {
    boolean locked = false;
    try {
      FileLock lock = channel.lock();
      locked = true;
      return new ContainerLock(channel, lock);
    } finally {
      if (!locked) {
        channel.close();
      }
    }
  }

  private static Object identity(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  private static Object identityIfAny(Path file) throws IOException {
    try {
      return identity(file);
    } catch (NoSuchFileException gone) {
      return "";
    }
  }

  /**
   * What was last written of the container.
   *
   * @return empty if its {@code create} died before it wrote anything
   * @throws EngineException if it can't be read, or is not what Limpid writes
   */
  public Optional<ContainerRecord> read() {
    Path file = path.resolve("state.json");
    try {
      return Optional.of(
          ContainerRecord.fromJson(
              JsonCursor.root("state.json", new JsonReader("state.json").read(file))));
    } catch (NoSuchFileException absent) {
      return Optional.empty();
    } catch (IOException failed) {
      throw new EngineException(file + ": " + failed.getMessage(), failed);
    } catch (DocumentException broken) {
      throw new EngineException(file + ": " + broken.getMessage(), broken);
    }
  }

  /** Replaces what is known of the container, in one step. */
  public void write(ContainerRecord container) {
    AtomicFile.write(
        path.resolve("state.json"), JsonWriter.compact().writeBytes(container.toJson()));
  }

  /** Notes for good that the container is in the VM of another one of the same root. */
  public void join(ContainerId vm, int container) {
    try {
      Files.createSymbolicLink(path.resolve(VM), VmMembers.link(vm, container));
    } catch (IOException failed) {
      throw new EngineException(path.resolve(VM) + ": cannot create: " + failed, failed);
    }
  }

  /** Where the container is, if it is in the VM of another one. */
  public Optional<Membership> membership() {
    Path link = path.resolve(VM);
    try {
      Path target = path.resolve(Files.readSymbolicLink(link)).normalize();
      return Optional.of(
          new Membership(
              new ContainerDirectory(target.getParent().getParent()),
              Integer.parseInt(target.getFileName().toString())));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IOException | NumberFormatException failed) {
      throw new EngineException(link + ": cannot read: " + failed, failed);
    }
  }

  /** The directory of the container whose VM this one is in: where its shim and monitor listen. */
  public ContainerDirectory vm() {
    Optional<Membership> membership = membership();
    return membership.isPresent() ? membership.get().vm() : this;
  }

  /** How the workload ended, if it has. */
  public Optional<ExitRecord> exit() {
    return ExitRecord.read(path.resolve("exit"));
  }

  /** What ended was not the workload: another VM takes the place of one that has not come up. */
  public void forgetExit() {
    Path file = path.resolve("exit");
    try {
      Files.deleteIfExists(file);
    } catch (IOException failed) {
      throw new EngineException(file + ": cannot remove: " + failed.getMessage(), failed);
    }
  }

  /**
   * What is known of the container.
   *
   * @throws NoSuchContainerException if nothing is, as its {@code create} has not come far enough
   */
  public ContainerRecord required() {
    Optional<ContainerRecord> known = read();
    if (known.isEmpty()) {
      throw new NoSuchContainerException();
    }
    return known.get();
  }

  /** Whether the workload has ended, or all that stood for it is gone. */
  public boolean hasEnded(ContainerRecord container) {
    boolean dead = container.shim().isPresent() && !container.shim().get().isAlive();
    return dead || exit().isPresent();
  }

  /** The status that the specification's {@code state} tells; not to be asked under the lock. */
  public Status status(ContainerRecord container) {
    if (hasEnded(container)) {
      return Status.STOPPED;
    }
    if (container.paused()) {
      return Status.PAUSED;
    }
    return switch (container.phase()) {
      case CREATING -> container.shim().isEmpty() && !isLocked() ? Status.STOPPED : Status.CREATING;
      case CREATED -> Status.CREATED;
      case RUNNING -> Status.RUNNING;
    };
  }

  /** Whether a verb is changing this container; a create that was killed is not. */
  private boolean isLocked() {
    try (FileChannel channel = FileChannel.open(path.resolve(LOCK), StandardOpenOption.WRITE);
        FileLock free = channel.tryLock()) {
      return free == null;
    } catch (OverlappingFileLockException ours) {
      return true;
    } catch (IOException gone) {
      return false;
    }
  }

  /**
   * Notes a process that stands for one that was started in the container by {@code exec}. There is
   * nothing to note if the container has just been deleted, which has ended the process.
   */
  public void addProcess(HostProcess process) {
    Path folder = path.resolve(PROCESSES);
    try {
      // Not what lies above it, which would be a container again.
      Files.createDirectory(folder);
    } catch (FileAlreadyExistsException there) {
      // Those of the dead are cleared away by who comes next.
      processes();
    } catch (NoSuchFileException deleted) {
      return;
    } catch (IOException failed) {
      throw new EngineException(folder + ": cannot create: " + failed, failed);
    }
    try {
      AtomicFile.write(
          folder.resolve(Long.toString(process.pid())),
          Long.toString(process.startTime()).getBytes(StandardCharsets.US_ASCII));
    } catch (EngineException failed) {
      if (!(failed.getCause() instanceof NoSuchFileException)) {
        throw failed;
      }
    }
  }

  /** The processes that {@link #addProcess} has noted and that still run, by pid. */
  public List<HostProcess> processes() {
    List<HostProcess> alive = new ArrayList<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(path.resolve(PROCESSES), "[0-9]*")) {
      for (Path file : files) {
        Optional<HostProcess> process = noted(file);
        if (process.isPresent() && process.get().isAlive()) {
          alive.add(process.get());
        } else {
          Files.deleteIfExists(file);
        }
      }
    } catch (NoSuchFileException none) {
      return List.of();
    } catch (IOException | NumberFormatException failed) {
      throw new EngineException(path.resolve(PROCESSES) + ": cannot read: " + failed, failed);
    }
    alive.sort(Comparator.comparingLong(HostProcess::pid));
    return alive;
  }

  /** Another verb may clear away the same dead process at the same time. */
  private static Optional<HostProcess> noted(Path file) throws IOException {
    try {
      return Optional.of(
          new HostProcess(
              Long.parseLong(file.getFileName().toString()),
              Long.parseLong(Files.readString(file))));
    } catch (NoSuchFileException cleared) {
      return Optional.empty();
    }
  }

  /** Removes the directory and all that is in it. */
  public void remove() {
    FolderRemoval.remove(path);
  }
}
