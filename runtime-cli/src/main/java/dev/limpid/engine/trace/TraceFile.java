package dev.limpid.engine.trace;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The file of a trace, which nobody but its owner may read. Its place is taken at the beginning, by
 * an empty file beside it, and what was there is replaced at the end.
 */
public final class TraceFile {
  private static final String MODE = "rw-------";

  private final Path file;
  private final Path aside;

  private TraceFile(Path file, Path aside) {
    this.file = file;
    this.aside = aside;
  }

  /**
   * Takes the place.
   *
   * @param file absolute
   * @throws IOException if the file can't be written there, or would replace what is no file
   */
  public static TraceFile open(Path file) throws IOException {
    boolean exists = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    if (exists && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileSystemException(file.toString(), null, "not a regular file");
    }
    Path aside =
        Files.createTempFile(
            file.getParent(),
            "." + file.getFileName() + ".",
            ".new",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(MODE)));
    return new TraceFile(file, aside);
  }

  /**
   * Puts the trace into its place.
   *
   * @throws IOException if that fails; what was there before stays
   */
  public void write(JsonObject document) throws IOException {
    try {
      Files.writeString(aside, JsonWriter.compact().write(document) + "\n");
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(aside);
    }
  }
}
