package dev.limpid.cli;

import dev.limpid.engine.lifecycle.ContainerStart;
import dev.limpid.oci.ContainerId;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code limpid start}. */
@Command(
    name = "start",
    header = "Lets the program of a created container go.",
    footer = {"", "Example:  limpid start web"})
final class StartCommand extends Verb {
  @Parameters(
      paramLabel = "ID",
      converter = ContainerIdArgument.class,
      description = "The container.")
  private ContainerId id;

  @Override
  int run(Call call) {
    new ContainerStart(call.context()).start(id);
    return 0;
  }
}
