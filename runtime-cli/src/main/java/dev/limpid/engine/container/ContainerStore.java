package dev.limpid.engine.container;

import dev.limpid.engine.EngineException;
import dev.limpid.oci.ContainerId;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** All containers of one root ({@code --root}): a directory each. */
public final class ContainerStore {
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
   * Takes an id for a new container. Of two who try, one gets it.
   *
   * @throws EngineException if there is such a container already
   */
  public ContainerDirectory claim(ContainerId id) {
    Path directory = root.resolve(id.value());
    var ownerOnly =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    try {
      Files.createDirectories(root, ownerOnly);
    } catch (IOException failed) {
      throw new EngineException(root + ": cannot create: " + failed, failed);
    }
    try {
      Files.createDirectory(directory, ownerOnly);
    } catch (FileAlreadyExistsException taken) {
      throw new EngineException("container with given ID already exists", taken);
    } catch (IOException failed) {
      throw new EngineException(directory + ": cannot create: " + failed, failed);
    }
    return new ContainerDirectory(directory);
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

  /** All containers, in the order of their ids. */
  public List<ContainerDirectory> list() {
    List<Path> paths = new ArrayList<>();
    try (DirectoryStream<Path> directories = Files.newDirectoryStream(root)) {
      for (Path directory : directories) {
        if (Files.isDirectory(directory)) {
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
