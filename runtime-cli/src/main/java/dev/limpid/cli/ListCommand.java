package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.lifecycle.ContainerStates;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.state.ContainerState;
import dev.limpid.oci.state.Rfc3339;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code limpid list}. */
@Command(
    name = "list",
    header = "Lists the containers of this root.",
    description = {
      "Those that 'limpid create' and 'limpid run' made with the same --root, ended ones too, until they are"
          + " deleted."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid list --format json")
final class ListCommand extends Verb {
  private static final String[] HEADINGS = {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};

  private static final String DEFAULT_FORMAT = "table";

  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      defaultValue = DEFAULT_FORMAT,
      description = "table or json (default: ${DEFAULT-VALUE}).")
  private String format;

  @Option(
      names = {"-q", "--quiet"},
      description = "Only the ids.")
  private boolean quiet;

  @Override
  void take(PlainArguments arguments) {
    format = DEFAULT_FORMAT;
    while (arguments.next()) {
      switch (arguments.option()) {
        case "-f", "--format" -> format = arguments.value("--format");
        case "-q", "--quiet" -> quiet = arguments.flag("--quiet");
        default -> throw new NotPlainException();
      }
    }
  }

  @Override
  int run(Call call) {
    if (!format.equals("table") && !format.equals("json")) {
      throw new EngineException("--format: " + format + ": must be table or json");
    }
    List<ContainerState> states = new ContainerStates(call.context()).all();
    if (quiet) {
      for (ContainerState state : states) {
        call.out().println(state.id());
      }
    } else if (format.equals("json")) {
      List<JsonValue> array = new ArrayList<>();
      for (ContainerState state : states) {
        array.add(state.toJson());
      }
      call.out().println(JsonWriter.compact().write(new JsonArray(array)));
    } else {
      call.out().print(table(states));
    }
    return 0;
  }

  private static String table(List<ContainerState> states) {
    TextTable table = new TextTable(HEADINGS);
    for (ContainerState state : states) {
      table.row(
          state.id().toString(),
          Integer.toString(state.livePid()),
          state.status().specName(),
          state.bundle(),
          Rfc3339.format(state.created()),
          state.owner());
    }
    return table.text();
  }
}
