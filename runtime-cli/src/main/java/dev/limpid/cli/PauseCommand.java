package dev.limpid.cli;

import dev.limpid.engine.lifecycle.ContainerPause;
import picocli.CommandLine.Command;

/** {@code limpid pause}. */
@Command(
    name = "pause",
    header = "Halts a container.",
    description = {
      "Its processes are frozen, and then its virtual machine: it uses no processor time until it is resumed."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid pause web")
final class PauseCommand extends ContainerVerb {
  @Override
  int run(Call call) {
    new ContainerPause(call.context()).pause(id);
    return 0;
  }
}
