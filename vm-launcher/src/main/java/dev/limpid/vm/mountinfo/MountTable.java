package dev.limpid.vm.mountinfo;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is mounted in this process's mount namespace.
 *
 * @param mounts in the order in which they were mounted
 */
public record MountTable(List<HostMount> mounts) {
  private static final Path FILE = Path.of("/proc/self/mountinfo");

  /** Copies the list. */
  public MountTable {
    mounts = List.copyOf(mounts);
  }

  /**
   * Reads the table of this process.
   *
   * @throws IOException if /proc is not there
   */
  public static MountTable read() throws IOException {
    // Paths are bytes; they have to come out as Java's own paths do.
    return parse(new String(Files.readAllBytes(FILE), Charset.forName(nativeEncoding())));
  }

  /** Reads a table; lines that are none of it are left out. */
  static MountTable parse(String text) {
    List<HostMount> mounts = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      HostMount.parse(line).ifPresent(mounts::add);
    }
    return new MountTable(mounts);
  }

  /** What is mounted at exactly this place, on top of what was mounted there before. */
  public Optional<HostMount> at(Path mountPoint) {
    for (int i = mounts.size() - 1; i >= 0; i--) {
      if (mounts.get(i).mountPoint().equals(mountPoint)) {
        return Optional.of(mounts.get(i));
      }
    }
    return Optional.empty();
  }

  /** Whether something is mounted below this place. */
  public boolean hasBelow(Path directory) {
    for (HostMount mount : mounts) {
      if (mount.mountPoint().startsWith(directory) && !mount.mountPoint().equals(directory)) {
        return true;
      }
    }
    return false;
  }

  private static String nativeEncoding() {
    return System.getProperty("sun.jnu.encoding", "UTF-8");
  }
}
