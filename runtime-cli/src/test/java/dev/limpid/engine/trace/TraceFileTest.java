package dev.limpid.engine.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonObject;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file that a trace gets into, whatever was there. */
class TraceFileTest {
  private static final JsonObject DOCUMENT = JsonObject.builder().put("a", 1).build();

  @TempDir private Path folder;

  private List<String> entries() throws IOException {
    try (var all = Files.list(folder)) {
      return all.map(entry -> entry.getFileName().toString()).toList();
    }
  }

  @Test
  void whatWasThereIsReplacedAtTheEnd() throws IOException {
    Path file = Files.writeString(folder.resolve("t.json"), "before");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

    TraceFile trace = TraceFile.open(file);
    assertEquals("before", Files.readString(file));
    trace.write(DOCUMENT);

    assertEquals("{\"a\":1}\n", Files.readString(file));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertEquals(List.of("t.json"), entries());
  }

  @Test
  void twoMayWriteTheSameFile() throws IOException {
    Path file = folder.resolve("t.json");
    TraceFile first = TraceFile.open(file);
    TraceFile second = TraceFile.open(file);
    first.write(DOCUMENT);
    second.write(JsonObject.empty());

    assertEquals("{}\n", Files.readString(file));
    assertEquals(List.of("t.json"), entries());
  }

  @Test
  void aFolderThatIsNotThereIsAnError() {
    assertThrows(
        NoSuchFileException.class, () -> TraceFile.open(folder.resolve("none").resolve("t")));
  }

  @Test
  void onlyAFileIsReplaced() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("target"));
    for (Path other : List.of(link, folder, Path.of("/dev/null"), Path.of("/"))) {
      FileSystemException refused =
          assertThrows(FileSystemException.class, () -> TraceFile.open(other));
      assertEquals("not a regular file", refused.getReason());
    }
    assertEquals(List.of("link"), entries());
  }

  @Test
  void nothingStaysOfWhatCannotBeWritten() throws IOException {
    Path file = folder.resolve("t.json");
    TraceFile trace = TraceFile.open(file);
    // A folder has come into its place.
    Files.createDirectories(file.resolve("inside"));

    assertThrows(IOException.class, () -> trace.write(DOCUMENT));

    assertTrue(Files.isDirectory(file.resolve("inside")));
    assertEquals(List.of("t.json"), entries());
    assertFalse(Files.isRegularFile(file));
  }
}
