package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The benchmark of verbs' start, with so little to do that it shows nothing but that it works. */
final class StartUpBenchmarkIT {
  private static final String PROGRAM = Path.of("../bench/start-up").toAbsolutePath().toString();

  @Test
  void allAreMeasured() {
    Result result =
        new CallerCommand(List.of(PROGRAM), Map.of())
            .run("--limpid", TestedRuntime.installed(), "--rounds", "1");
    List<String> lines = result.ok().lines().toList();
    assertEquals(12, lines.size(), lines::toString);
    for (String line : lines.subList(1, lines.size())) {
      assertTrue(line.matches(".*[a-z]( +[0-9]+[.][0-9]+){5}"), line);
    }
  }

  @Test
  void aProgramThatIsMissingIsNamed() {
    Result result =
        new CallerCommand(List.of(PROGRAM), Map.of()).run("--limpid", "/nonexistent/limpid");
    assertEquals(1, result.status());
    assertTrue(result.err().startsWith("bench/start-up: /nonexistent/limpid: no such program"));
  }
}
