package dev.limpid.cli;

import dev.limpid.engine.lifecycle.ContainerPause;
import dev.limpid.oci.ContainerId;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code limpid pause}. */
@Command(
    name = "pause",
    header = "Halts a container.",
    description = {
      "Its processes are frozen, and then its virtual machine: it uses no processor time until it is resumed."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid pause web")
final class PauseCommand extends Verb {
  @Parameters(
      paramLabel = "ID",
      converter = ContainerIdArgument.class,
      description = "The container.")
  private ContainerId id;

  @Override
  int run(Call call) {
    new ContainerPause(call.context()).pause(id);
    return 0;
  }
}
