package dev.limpid.engine.container;

import dev.limpid.engine.EngineException;
import dev.limpid.oci.ContainerId;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** All containers of one root ({@code --root}): a directory each. */
public final class ContainerStore {
  private static final String EXISTS = "container with given ID already exists";

  /** No container's id can begin like this. */
  private static final String ASIDE = "~";

  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Path root;

  /**
   * The containers below a root.
   *
   * @param root absolute; need not exist
   */
  public ContainerStore(Path root) {
    this.root = root;
  }

  /**
   * A new container's directory, locked from the moment it is there.
   *
   * @param directory the directory
   * @param lock held until closed
   */
  public record Claim(ContainerDirectory directory, ContainerLock lock) implements AutoCloseable {
    @Override
    public void close() {
      lock.close();
    }
  }

  /**
   * Takes an id for a new container. Of two who try, one gets it.
   *
   * @throws EngineException if there is such a container already
   */
  public Claim claim(ContainerId id) {
    Path directory = root.resolve(id.value());
    try {
      Files.createDirectories(root, OWNER_ONLY);
      removeAbandoned();
    } catch (IOException failed) {
      throw new EngineException(root + ": cannot create: " + failed, failed);
    }
    Path aside =
        root.resolve(
            ASIDE + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime()));
    ContainerLock lock;
    try {
      Files.createDirectory(aside, OWNER_ONLY);
      lock = new ContainerDirectory(aside).makeLock();
    } catch (IOException failed) {
      FolderRemoval.remove(aside);
      throw new EngineException(directory + ": cannot create: " + failed, failed);
    }
    boolean taken = false;
    try {
      // An empty directory of that name would be replaced; a container's never is.
      if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
        throw new EngineException(EXISTS);
      }
      Files.move(aside, directory, StandardCopyOption.ATOMIC_MOVE);
      taken = true;
      return new Claim(new ContainerDirectory(directory), lock);
    } catch (IOException failed) {
      throw Files.exists(directory)
          ? new EngineException(EXISTS, failed)
          : new EngineException(directory + ": cannot create: " + failed, failed);
    } finally {
      if (!taken) {
        lock.close();
        FolderRemoval.remove(aside);
      }
    }
  }

  /** What verbs that were killed have left aside. */
  private void removeAbandoned() throws IOException {
    try (DirectoryStream<Path> asides = Files.newDirectoryStream(root, ASIDE + "*")) {
      for (Path aside : asides) {
        String name = aside.getFileName().toString();
        String pid = name.substring(ASIDE.length(), Math.max(ASIDE.length(), name.indexOf('-')));
        if (!Files.exists(Path.of("/proc", pid))) {
          FolderRemoval.remove(aside);
        }
      }
    }
  }

  /**
   * A container that there is.
   *
   * @throws NoSuchContainerException if there is none of this id
   */
  public ContainerDirectory find(ContainerId id) {
    Path directory = root.resolve(id.value());
    if (!Files.isDirectory(directory)) {
      throw new NoSuchContainerException();
    }
    return new ContainerDirectory(directory);
  }

  /**
   * The container that a process stands for.
   *
   * @param pid any process's
   * @return empty if it is not the shim of a container below this root
   */
  public Optional<ContainerDirectory> ofShim(long pid) {
    Path directory;
    try {
      // A shim works in its container's directory.
      directory = Files.readSymbolicLink(Path.of("/proc/" + pid + "/cwd"));
      if (!root.toRealPath().equals(directory.getParent())) {
        return Optional.empty();
      }
    } catch (IOException gone) {
      return Optional.empty();
    }
    ContainerDirectory container = new ContainerDirectory(root.resolve(directory.getFileName()));
    Optional<ContainerRecord> known = container.read();
    return known.isPresent()
            && known.get().shim().isPresent()
            && known.get().shim().get().equals(HostProcess.of(pid))
        ? Optional.of(container)
        : Optional.empty();
  }

  /** All containers, in the order of their ids. */
  public List<ContainerDirectory> list() {
    List<Path> paths = new ArrayList<>();
    try (DirectoryStream<Path> directories = Files.newDirectoryStream(root)) {
      for (Path directory : directories) {
        if (Files.isDirectory(directory) && !directory.getFileName().toString().startsWith(ASIDE)) {
          paths.add(directory);
        }
      }
    } catch (NoSuchFileException none) {
      return List.of();
    } catch (IOException failed) {
      throw new EngineException(root + ": cannot list: " + failed, failed);
    }
    Collections.sort(paths);
    List<ContainerDirectory> containers = new ArrayList<>();
    for (Path path : paths) {
      containers.add(new ContainerDirectory(path));
    }
    return containers;
  }
}
