package dev.limpid.engine.container;

import dev.limpid.engine.EngineException;
import dev.limpid.oci.ContainerId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The containers that have joined the VM of another one: a file each in that one's directory, named
 * by its number in the guest. To be changed under the lock of the container whose VM it is.
 */
public final class VmMembers {
  private static final String FOLDER = "joined";

  private final Path folder;

  /**
   * Those in the VM of a container.
   *
   * @param vm its directory
   */
  public VmMembers(ContainerDirectory vm) {
    folder = vm.path().resolve(FOLDER);
  }

  /** The path of a member from the directory of any container of the same root. */
  static Path link(ContainerId vm, int container) {
    return Path.of("..", vm.value(), FOLDER, Integer.toString(container));
  }

  /**
   * A number that no member has.
   *
   * @param most the largest that there is
   * @throws EngineException if all are taken
   */
  public int free(int most) {
    for (int container = 1; container <= most; container++) {
      if (!Files.exists(member(container))) {
        return container;
      }
    }
    throw new EngineException("there are " + most + " other containers in its virtual machine");
  }

  /** Enters a member under a free number. */
  public void enter(int container, ContainerId id) {
    try {
      Files.createDirectories(folder);
    } catch (IOException failed) {
      throw new EngineException(folder + ": cannot create: " + failed, failed);
    }
    AtomicFile.write(member(container), id.value().getBytes(StandardCharsets.US_ASCII));
  }

  /** Whether the member of this number is this one; not if the VM is gone, or another's by now. */
  public boolean has(int container, ContainerId id) {
    try {
      return Files.readString(member(container), StandardCharsets.US_ASCII).equals(id.value());
    } catch (NoSuchFileException none) {
      return false;
    } catch (IOException failed) {
      throw new EngineException(member(container) + ": cannot read: " + failed, failed);
    }
  }

  /** Strikes a member off. */
  public void leave(int container) {
    AtomicFile.remove(member(container));
  }

  /**
   * A name for a member's socket that is short enough for an address, and relative to the directory
   * of the container whose VM it is.
   */
  public static String socket(int container) {
    return FOLDER + "/" + container + ".sock";
  }

  private Path member(int container) {
    return folder.resolve(Integer.toString(container));
  }
}
