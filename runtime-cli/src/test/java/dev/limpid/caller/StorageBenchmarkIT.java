package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The benchmark of storage, with so little to do that it shows nothing but that it works. */
final class StorageBenchmarkIT {
  private static final String PROGRAM = Path.of("../bench/storage").toAbsolutePath().toString();

  /** Cold and warm, first and again, into the layer and onto the volume. */
  private static final int MEASURES = 6;

  @Test
  void runtimesAreMeasured() {
    Result result =
        new CallerCommand(List.of(PROGRAM), Map.of())
            .run(
                "--limpid",
                TestedRuntime.executable(),
                "--without-crun",
                "--ways",
                "layers",
                "--only",
                "read",
                "find",
                "untar",
                "--megabytes",
                "4",
                "--files",
                "200",
                "--archive",
                "100",
                "--rounds",
                "1");
    List<String> lines = result.ok().lines().toList();
    byte[] last = lines.get(lines.size() - 1).getBytes(StandardCharsets.UTF_8);
    List<JsonCursor> measures =
        JsonCursor.root("measures", new JsonReader("measures").parse(last))
            .required("measures")
            .elements();
    assertEquals(MEASURES, measures.size());
    // A line of the table for each, below that of the titles and above that of JSON.
    assertEquals(measures.size() + 2, lines.size());
    for (JsonCursor measure : measures) {
      for (String runtime : List.of("runc", "limpid layers")) {
        JsonNumber number = (JsonNumber) measure.required("medians").required(runtime).value();
        assertTrue(Double.parseDouble(number.text()) > 0, measure.value()::toString);
      }
    }
  }

  @Test
  void aProgramThatIsMissingIsNamed() {
    Result result =
        new CallerCommand(List.of(PROGRAM), Map.of()).run("--limpid", "/nonexistent/limpid");
    assertEquals(1, result.status());
    assertTrue(result.err().startsWith("bench/storage: /nonexistent/limpid: no such program"));
  }
}
