package dev.limpid.engine.rootfs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Landlock, by which the shim keeps virtiofsd away from all that the guest is not given.
 *
 * @param modules the file in which the kernel lists its security modules
 */
public record Landlock(Path modules) {
  /** This host's. */
  public static Landlock ofHost() {
    return new Landlock(Path.of("/sys/kernel/security/lsm"));
  }

  /**
   * Whether the kernel has it. Where the kernel does not tell, as securityfs is not mounted, it is
   * taken to: the shim refuses to start without, and says so.
   */
  boolean isAvailable() {
    try {
      return Files.readString(modules).contains("landlock");
    } catch (IOException unknown) {
      return true;
    }
  }
}
