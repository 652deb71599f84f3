package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failures in the file of --log, as callers of runc parse them. */
class LogTest {
  private static final String STDERR = "limpid: container does not exist\n";

  @TempDir private Path folder;

  @Test
  void jsonIsOneLineARecord() throws IOException {
    Path log = folder.resolve("log.json");
    Outcome outcome =
        Outcome.of(
            folder,
            "--root",
            "root",
            "--log",
            log.toString(),
            "--log-format",
            "json",
            "state",
            "x");

    assertEquals(new Outcome(1, "", STDERR), outcome);
    List<String> lines = Files.readAllLines(log);
    assertEquals(1, lines.size());
    assertEquals(
        Json.of("{'level':'error','msg':'container does not exist','time':'2025-03-01T12:34:56Z'}"),
        Json.parse(lines.get(0)));
  }

  @Test
  void textIsAsLogrusWritesIt() throws IOException {
    Outcome outcome = Outcome.of(folder, "--root", "root", "--log", "log", "state", "x");

    assertEquals(new Outcome(1, "", STDERR), outcome);
    assertEquals(
        "time=\"2025-03-01T12:34:56Z\" level=error msg=\"container does not exist\"\n",
        Files.readString(folder.resolve("log")));
  }

  @Test
  void whatStandsInAMessageMakesNoSecondLine() throws IOException {
    for (String format : List.of("json", "text")) {
      Outcome.of(
          folder, "--root", "root", "--log", format, "--log-format", format, "kill", "x", "a\n\"b");
    }

    assertEquals(1, Files.readAllLines(folder.resolve("json")).size());
    assertEquals(
        "time=\"2025-03-01T12:34:56Z\" level=error msg=\"unknown signal \\\"a\\n\\\"b\\\"\"\n",
        Files.readString(folder.resolve("text")));
  }

  @Test
  void recordsAreAppended() throws IOException {
    Files.writeString(folder.resolve("log"), "before\n");
    Outcome.of(folder, "--root", "root", "--log", "log", "state", "x");
    Outcome.of(folder, "--root", "root", "--log", "log", "start", "x");

    List<String> lines = Files.readAllLines(folder.resolve("log"));
    assertEquals(3, lines.size());
    assertEquals("before", lines.get(0));
  }

  @Test
  void wrongCommandLinesAreRecordedToo() throws IOException {
    Outcome outcome = Outcome.of(folder, "--log", "log", "--log-format", "json", "frobnicate");

    assertEquals(1, outcome.status());
    assertEquals(
        JsonObject.builder()
            .put("level", "error")
            .put("msg", "Unmatched argument at index 4: 'frobnicate'")
            .put("time", "2025-03-01T12:34:56Z")
            .build(),
        Json.parse(Files.readString(folder.resolve("log"))));
  }

  @Test
  void nothingIsWrittenIfNothingIsWrong() {
    Outcome outcome = Outcome.of(folder, "--root", "root", "--log", "log", "list", "-q");

    assertEquals(new Outcome(0, "", ""), outcome);
    assertFalse(Files.exists(folder.resolve("log")));
  }

  @Test
  void aFileThatCannotBeWrittenDoesNotHideTheFailure() throws IOException {
    Files.createDirectory(folder.resolve("log"));
    Outcome outcome = Outcome.of(folder, "--root", "root", "--log", "log", "state", "x");

    assertEquals(1, outcome.status());
    assertTrue(outcome.err().endsWith(STDERR), outcome.err());
    assertTrue(
        outcome.err().contains("limpid: --log: " + folder.resolve("log") + ": cannot be written\n"),
        outcome.err());
  }
}
