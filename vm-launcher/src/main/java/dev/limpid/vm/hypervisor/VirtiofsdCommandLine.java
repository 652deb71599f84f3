package dev.limpid.vm.hypervisor;

import java.nio.file.Path;
import java.util.List;

/**
 * virtiofsd's command line. It is started with its listening socket as descriptor 3, in the
 * container's directory (docs/shim.md).
 */
public final class VirtiofsdCommandLine {
  private VirtiofsdCommandLine() {}

  /**
   * The program and its arguments.
   *
   * @param virtiofsd the executable; absolute
   * @param folder what to serve; absolute, as virtiofsd changes its working directory
   */
  public static List<String> of(Path virtiofsd, Path folder) {
    return List.of(
        virtiofsd.toString(),
        "--fd=3",
        "-f",
        "-o",
        "source=" + escape(folder.toString()),
        "-o",
        "sandbox=chroot",
        // trusted.overlay.* is how an overlay marks what it has hidden, and needs sys_admin.
        "-o",
        "xattr,modcaps=+sys_admin:+mknod",
        // The guest's kernel asks again for a lock that it has to wait for: virtiofsd does not
        // wait.
        "-o",
        "flock,posix_lock",
        "-o",
        "posix_acl",
        // Volumes of different file systems have different device numbers in the guest as well:
        // programs tell files apart by device and inode.
        "-o",
        "announce_submounts",
        "-o",
        "cache=auto",
        "-o",
        "log_level=warn");
  }

  /** FUSE's options are separated by commas; a backslash makes one part of a text. */
  private static String escape(String text) {
    return text.replace("\\", "\\\\").replace(",", "\\,");
  }
}
