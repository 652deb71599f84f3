package dev.limpid.cli;

import dev.limpid.engine.Signal;
import dev.limpid.engine.lifecycle.ContainerKill;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code limpid kill}. */
@Command(
    name = "kill",
    header = "Sends a signal to the container's program.",
    description = {
      "In a pid namespace of its own, which is usual, the program is process 1: of the signals that it has no"
          + " handler for, only KILL and STOP have an effect."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid kill web KILL")
final class KillCommand extends ContainerVerb {
  private static final String DEFAULT_SIGNAL = "SIGTERM";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "SIGNAL",
      defaultValue = DEFAULT_SIGNAL,
      description = "A number, or a name with or without SIG (default: ${DEFAULT-VALUE}).")
  private String signal;

  @Option(
      names = {"-a", "--all"},
      description = "Send it to every process in the container.")
  private boolean all;

  @Override
  void take(PlainArguments arguments) {
    while (arguments.next()) {
      switch (arguments.option()) {
        case "-a", "--all" -> all = arguments.flag("--all");
        default -> arguments.positional();
      }
    }
    List<String> given = arguments.positionals(1, 2);
    id = arguments.id();
    signal = given.size() > 1 ? given.get(1) : DEFAULT_SIGNAL;
  }

  @Override
  int run(Call call) {
    new ContainerKill(call.context()).kill(id, Signal.parse(signal), all);
    return 0;
  }
}
