package dev.limpid.cli;

import dev.limpid.engine.lifecycle.ContainerStart;
import picocli.CommandLine.Command;

/** {@code limpid start}. */
@Command(
    name = "start",
    header = "Lets the program of a created container go.",
    description = {
      "The hooks poststart run as soon as the program does. A container can be started once."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid start web")
final class StartCommand extends ContainerVerb {
  @Override
  int run(Call call) {
    new ContainerStart(call.context()).start(id);
    return 0;
  }
}
