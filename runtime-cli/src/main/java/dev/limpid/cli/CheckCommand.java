package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.check.Finding;
import dev.limpid.engine.check.HostCheck;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code limpid check}. */
@Command(
    name = "check",
    header = "Tells whether this host can run containers in virtual machines.",
    description = {
      "One line for each thing that is needed or useful, and what to do about those that fail. The exit status is"
          + " 1 if something needed is missing."
    })
final class CheckCommand extends Verb {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text or json (default: ${DEFAULT-VALUE}).")
  private String format;

  @Override
  int run(Call call) {
    List<Finding> findings = new HostCheck(call.context()).run();
    switch (format) {
      case "text" -> text(call, findings);
      case "json" -> json(call, findings);
      default -> throw new EngineException("--format: " + format + ": must be text or json");
    }
    for (Finding finding : findings) {
      if (finding.verdict() == Finding.Verdict.MISSING) {
        return 1;
      }
    }
    return 0;
  }

  private static void text(Call call, List<Finding> findings) {
    for (Finding finding : findings) {
      String mark =
          switch (finding.verdict()) {
            case FINE -> "ok      ";
            case LACKING -> "lacking ";
            case MISSING -> "MISSING ";
          };
      String name = finding.name();
      call.out()
          .println(mark + name + " ".repeat(Math.max(1, 24 - name.length())) + finding.detail());
      if (!finding.advice().isEmpty()) {
        call.out().println(" ".repeat(32) + "-> " + finding.advice());
      }
    }
  }

  private static void json(Call call, List<Finding> findings) {
    List<JsonValue> array = new ArrayList<>();
    for (Finding finding : findings) {
      array.add(
          JsonObject.builder()
              .put("name", finding.name())
              .put("verdict", finding.verdict().name().toLowerCase(java.util.Locale.ROOT))
              .put("detail", finding.detail())
              .put("advice", finding.advice())
              .build());
    }
    call.out().println(JsonWriter.indented("  ").write(new JsonArray(array)));
  }
}
