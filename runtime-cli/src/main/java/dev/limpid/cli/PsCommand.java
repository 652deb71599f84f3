package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.lifecycle.ContainerProcesses;
import dev.limpid.engine.lifecycle.ProcessTable;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code limpid ps}. */
@Command(
    name = "ps",
    header = "Lists the processes that stand for a container's on the host.",
    description = {
      "One for the container's program, and one for each process that 'limpid exec' started. What runs in the"
          + " virtual machine has pids of its own there: 'limpid exec ID ps' shows them."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid ps web -o pid,etime,args")
final class PsCommand extends ContainerVerb {
  private static final String DEFAULT_FORMAT = "table";

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "OPTION",
      description = "Options of the host's ps (default: -ef).")
  private List<String> psOptions = new ArrayList<>();

  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      defaultValue = DEFAULT_FORMAT,
      description = "table, or json for the pids alone (default: ${DEFAULT-VALUE}).")
  private String format;

  @Override
  void take(PlainArguments arguments) {
    format = DEFAULT_FORMAT;
    while (arguments.next()) {
      switch (arguments.option()) {
        case "-f", "--format" -> format = arguments.value("--format");
        default -> arguments.positionalToTheEnd();
      }
    }
    List<String> given = arguments.positionals(1, Integer.MAX_VALUE);
    id = arguments.id();
    psOptions = given.subList(1, given.size());
  }

  @Override
  int run(Call call) {
    if (!format.equals("table") && !format.equals("json")) {
      throw new EngineException("--format: " + format + ": must be table or json");
    }
    List<Long> pids = new ContainerProcesses(call.context()).pids(id);
    if (format.equals("json")) {
      List<JsonValue> numbers = new ArrayList<>();
      for (long pid : pids) {
        numbers.add(JsonNumber.of(pid));
      }
      call.out().println(JsonWriter.compact().write(new JsonArray(numbers)));
      return 0;
    }
    call.context().needOwnProcess("the host's ps");
    for (String line : ProcessTable.of(psOptions, pids)) {
      call.out().println(line);
    }
    return 0;
  }
}
