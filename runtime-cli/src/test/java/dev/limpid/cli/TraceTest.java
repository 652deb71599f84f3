package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.JsonCursor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file of --trace, whatever becomes of the verb. */
class TraceTest {
  @TempDir private Path folder;

  private List<JsonCursor> steps() throws IOException {
    JsonCursor document =
        JsonCursor.root("trace", Json.parse(Files.readString(folder.resolve("t.json"))));
    List<JsonCursor> steps = new ArrayList<>();
    for (JsonCursor event : document.required("traceEvents").elements()) {
      if (event.requiredString("ph").equals("X")) {
        steps.add(event);
      }
    }
    return steps;
  }

  private static List<String> names(List<JsonCursor> steps) {
    return steps.stream().map(step -> step.requiredString("name")).toList();
  }

  @Test
  void everyVerbHasOne() throws IOException {
    Outcome outcome = Outcome.of(folder, "--root", "root", "--trace", "t.json", "list", "-q");

    assertEquals(new Outcome(0, "", ""), outcome);
    List<JsonCursor> steps = steps();
    assertEquals(
        List.of("limpid list", "start of the JVM", "command line", "trace file"), names(steps));
    assertEquals(Json.of("{'status':0}"), steps.get(0).required("args").asObject());
    // The clock of the test stands at that time, to which the end is as near as the verb was quick.
    long end = steps.get(0).required("ts").asInt64() + steps.get(0).required("dur").asInt64();
    assertTrue(end >= 1_740_832_496_789_000L, () -> "end " + end);
  }

  @Test
  void aVerbThatFailsHasOneToo() throws IOException {
    Outcome outcome = Outcome.of(folder, "--root", "root", "--trace=t.json", "delete", "nobody");

    assertEquals(new Outcome(1, "", "limpid: container does not exist\n"), outcome);
    List<JsonCursor> steps = steps();
    assertEquals(
        List.of("limpid delete", "start of the JVM", "command line", "trace file", "delete"),
        names(steps));
    assertEquals(
        Json.of("{'status':1,'failure':'container does not exist'}"),
        steps.get(0).required("args").asObject());
  }

  @Test
  void withoutAPlaceForItNothingIsDone() throws IOException {
    Files.createDirectory(folder.resolve("folder"));
    Files.writeString(folder.resolve("file"), "");
    for (String[] wrong :
        new String[][] {
          {"none/t.json", "no such folder"},
          {"folder", "not a regular file"},
          {"file/t.json", "Not a directory"}
        }) {
      Outcome outcome = Outcome.of(folder, "--trace", wrong[0], "spec");

      assertEquals(
          new Outcome(
              1,
              "",
              "limpid: --trace: "
                  + folder.resolve(wrong[0])
                  + ": cannot be written: "
                  + wrong[1]
                  + "\n"),
          outcome);
      assertFalse(Files.exists(folder.resolve("config.json")));
    }
  }

  @Test
  void aTraceThatCannotBeWrittenInTheEndIsAWarning() throws IOException {
    Path file = folder.resolve("t.json");
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    LimpidCommand options = new LimpidCommand();
    int status;
    try (PrintStream stream = new PrintStream(err, false, StandardCharsets.UTF_8)) {
      Invocation invocation =
          new Invocation(
              List.of("obstruct"),
              Map.of(),
              folder,
              folder,
              InputStream.nullInputStream(),
              stream,
              stream,
              Clock.systemUTC(),
              System.nanoTime(),
              Optional.empty());
      status =
          new TracedCall(invocation, options, Report.of(invocation, options), file)
              .run(new Obstruction(file));
    }

    assertEquals(Obstruction.STATUS, status);
    String said = err.toString(StandardCharsets.UTF_8);
    assertTrue(
        said.startsWith("limpid: warning: --trace: " + file + ": cannot be written: "), said);
    try (var entries = Files.list(folder)) {
      assertEquals(List.of(file), entries.toList());
    }
  }

  /** Puts a folder where the trace is to be. */
  private static final class Obstruction extends Verb {
    static final int STATUS = 3;

    private final Path place;

    Obstruction(Path place) {
      this.place = place;
    }

    @Override
    int run(Call call) {
      try {
        Files.createDirectories(place.resolve("inside"));
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
      return STATUS;
    }
  }
}
