package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.variant.Variant;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The benchmarks, with so little to do that they show nothing but that they work. */
final class BenchmarksIT {
  private static Result run(String program, List<String> arguments) {
    String path = Path.of("../bench", program).toAbsolutePath().toString();
    return new CallerCommand(List.of(path), Map.of()).run(arguments.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({
    "lifecycle, limpid, 12, --rounds 1",
    "density, limpid, 8, --numbers 1 --settle 1 --idle 1",
    "concurrency, limpid, 5, --numbers 2 --only limpid",
    "network, limpid, 6, --requests 1000 --seconds 1 --rounds 1",
    "storage, limpid layers, 6, --without-crun --ways layers --only read find untar --megabytes 4"
        + " --files 200 --archive 100 --rounds 1",
  })
  void runtimesAreMeasured(String program, String name, int measured, String options) {
    List<String> arguments = new ArrayList<>(List.of("--limpid", TestedRuntime.installed()));
    arguments.addAll(List.of(options.split(" ")));
    arguments.addAll(List.of("--configuration", Variant.of("{}")));
    List<String> lines = run(program, arguments).ok().lines().toList();
    byte[] last = lines.get(lines.size() - 1).getBytes(StandardCharsets.UTF_8);
    List<JsonCursor> measures =
        JsonCursor.root("measures", new JsonReader("measures").parse(last))
            .required("measures")
            .elements();
    assertEquals(measured, measures.size(), lines::toString);
    // A line of the table for each, below that of the titles and above that of JSON.
    assertEquals(measures.size() + 2, lines.size());
    for (JsonCursor measure : measures) {
      JsonNumber number = (JsonNumber) measure.required("medians").required(name).value();
      assertTrue(Double.isFinite(Double.parseDouble(number.text())), measure.value()::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lifecycle", "density", "concurrency", "network", "storage"})
  void aProgramThatIsMissingIsNamed(String program) {
    Result result = run(program, List.of("--limpid", "/nonexistent/limpid"));
    assertEquals(1, result.status());
    assertTrue(
        result.err().startsWith("bench/" + program + ": /nonexistent/limpid: no such program"));
  }
}
