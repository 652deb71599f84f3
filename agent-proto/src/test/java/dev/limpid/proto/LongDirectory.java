package dev.limpid.proto;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A directory whose path alone is longer than the 108 bytes of a socket's address.
 *
 * @param path the long path
 * @param alias a short one, through a symbolic link: for those who know no better way
 */
public record LongDirectory(Path path, Path alias) {
  private static final int LONGEST_ADDRESS = 108;

  /** Makes one. */
  public static LongDirectory below(Path directory) throws IOException {
    Path path = directory.resolve("0123456789abcdef".repeat(7)).resolve("0123456789abcdef");
    Files.createDirectories(path);
    if (path.toString().length() <= LONGEST_ADDRESS) {
      throw new AssertionError(path + " is not long");
    }
    return new LongDirectory(path, Files.createSymbolicLink(directory.resolve("s"), path));
  }
}
