package dev.limpid.vm.template;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * A machine that was booted and stopped.
 *
 * @param folder where it is kept; absolute
 * @param identity of that folder (device and inode): another template may get its name later
 */
public record Template(Path folder, String identity) {
  static final String MEMORY = "memory";
  static final String STATE = "state";

  /**
   * The one in a folder.
   *
   * @throws java.nio.file.NoSuchFileException if there is no such folder
   */
  static Template in(Path folder) throws IOException {
    return new Template(
        folder, String.valueOf(Files.readAttributes(folder, BasicFileAttributes.class).fileKey()));
  }

  /** Whether its name is still its own. */
  boolean isThere() {
    try {
      return in(folder).identity().equals(identity);
    } catch (IOException gone) {
      return false;
    }
  }

  /** Its memory: a file with holes, as large as that. */
  public Path memory() {
    return folder.resolve(MEMORY);
  }

  /** The state of its devices. */
  public Path state() {
    return folder.resolve(STATE);
  }

  /** The last component of its folder: what its description is called. */
  public String name() {
    return folder.getFileName().toString();
  }
}
