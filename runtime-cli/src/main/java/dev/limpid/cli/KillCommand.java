package dev.limpid.cli;

import dev.limpid.engine.Signal;
import dev.limpid.engine.lifecycle.ContainerKill;
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
  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "SIGNAL",
      defaultValue = "SIGTERM",
      description = "A number, or a name with or without SIG (default: ${DEFAULT-VALUE}).")
  private String signal;

  @Option(
      names = {"-a", "--all"},
      description = "Send it to every process in the container.")
  private boolean all;

  @Override
  int run(Call call) {
    new ContainerKill(call.context()).kill(id, Signal.parse(signal), all);
    return 0;
  }
}
