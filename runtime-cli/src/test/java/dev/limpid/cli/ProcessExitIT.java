package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * How a verb's process ends. That it does so without the library of {@link ProcessExit} as well is
 * shown by {@link ClassArchiveIT}, whose installation has none.
 */
@Timeout(60)
class ProcessExitIT {
  @TempDir private Path folder;

  @Test
  void theInstalledLibraryEndsIt() throws Exception {
    for (List<String> call : List.of(List.of("--version"), List.of("state", "nobody"))) {
      ProcessBuilder builder =
          new ProcessBuilder(System.getProperty("limpid.dist") + "/bin/limpid")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD);
      builder.command().addAll(List.of("--root", folder.resolve("none").toString()));
      builder.command().addAll(call);
      // The dynamic linker tells which files it loads, each process in a file of its own.
      Path told = Files.createTempDirectory(folder, "told");
      builder.environment().put("LD_DEBUG", "files");
      builder.environment().put("LD_DEBUG_OUTPUT", told.resolve("by").toString());

      int status = builder.start().waitFor();

      assertEquals(call.contains("state") ? 1 : 0, status);
      assertTrue(loads(told, "/libprocess_exit.so"), call::toString);
    }
  }

  private static boolean loads(Path told, String library) throws IOException {
    try (Stream<Path> files = Files.list(told)) {
      for (Path file : files.toList()) {
        if (mentions(file, library)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean mentions(Path file, String library) throws IOException {
    return Files.readAllLines(file).stream()
        .anyMatch(line -> line.contains("calling init: ") && line.endsWith(library));
  }
}
