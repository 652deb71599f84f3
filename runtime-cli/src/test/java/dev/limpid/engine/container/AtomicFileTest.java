package dev.limpid.engine.container;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.EngineException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are replaced as a whole. */
class AtomicFileTest {
  private static final byte[] TEXT = "new".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path folder;

  @Test
  void namesTheFileThatCannotBeWritten() {
    Path file = folder.resolve("none/file");

    EngineException e = assertThrows(EngineException.class, () -> AtomicFile.write(file, TEXT));

    assertTrue(e.getMessage().startsWith(file + ": cannot write: "), e.getMessage());
  }

  @Test
  void leavesNothingAsideWhenItFails() throws IOException {
    Path directory = Files.createDirectories(folder.resolve("file/below")).getParent();

    assertThrows(EngineException.class, () -> AtomicFile.write(directory, TEXT));

    assertEquals(List.of("file"), names());
  }

  @Test
  void doesNotFollowALinkThatWasPutAside() throws IOException {
    Path victim = Files.writeString(folder.resolve("victim"), "kept");
    Files.createSymbolicLink(folder.resolve(".file.new"), victim);

    assertThrows(EngineException.class, () -> AtomicFile.write(folder.resolve("file"), TEXT));

    assertEquals("kept", Files.readString(victim));
  }

  @Test
  void writes() throws IOException {
    Path file = folder.resolve("file");
    AtomicFile.write(file, TEXT);

    assertArrayEquals(TEXT, Files.readAllBytes(file));
    assertEquals(List.of("file"), names());
  }

  @Test
  void replacesWhatWasThere() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "much longer than the new text");
    Files.writeString(folder.resolve(".file.new"), "much longer as well, left by a crash");
    AtomicFile.write(file, TEXT);

    assertArrayEquals(TEXT, Files.readAllBytes(file));
    assertEquals(List.of("file"), names());
  }

  @Test
  void replacesALinkAndNotWhatItNames() throws IOException {
    Path other = Files.writeString(folder.resolve("other"), "kept");
    Path file = Files.createSymbolicLink(folder.resolve("file"), other);
    AtomicFile.write(file, TEXT);

    assertEquals("kept", Files.readString(other));
    assertTrue(Files.isRegularFile(file, java.nio.file.LinkOption.NOFOLLOW_LINKS));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
