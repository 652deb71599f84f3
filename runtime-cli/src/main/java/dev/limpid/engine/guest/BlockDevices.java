package dev.limpid.engine.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The block devices of a host, by number.
 *
 * @param sysfs where its kernel tells of them, as in {@code /sys/dev/block}
 * @param nodes where their nodes are, as in {@code /dev}
 */
record BlockDevices(Path sysfs, Path nodes) {
  private static final String NAME = "DEVNAME=";

  /** This host's. */
  static BlockDevices ofHost() {
    return new BlockDevices(Path.of("/sys/dev/block"), Path.of("/dev"));
  }

  /**
   * A device that there is.
   *
   * @param node its node, which need not exist
   * @param empty whether there is nothing in it: a drive without a medium, a loop without a file
   */
  record Found(Path node, boolean empty) {}

  Optional<Found> find(int major, int minor) {
    Path directory = sysfs.resolve(major + ":" + minor);
    try {
      for (String line : Files.readAllLines(directory.resolve("uevent"))) {
        if (line.startsWith(NAME)) {
          Path node = nodes.resolve(line.substring(NAME.length()));
          boolean empty = Files.readString(directory.resolve("size")).strip().equals("0");
          return Optional.of(new Found(node, empty));
        }
      }
    } catch (IOException gone) {
      // There is no such device, or no longer.
    }
    return Optional.empty();
  }
}
