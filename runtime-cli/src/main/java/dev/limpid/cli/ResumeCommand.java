package dev.limpid.cli;

import dev.limpid.engine.lifecycle.ContainerPause;
import dev.limpid.oci.ContainerId;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code limpid resume}. */
@Command(
    name = "resume",
    header = "Lets a paused container go on.",
    description = {"What came for it meanwhile, input and signals, reaches it now."},
    footerHeading = "%nExample:%n",
    footer = "  limpid resume web")
final class ResumeCommand extends Verb {
  @Parameters(
      paramLabel = "ID",
      converter = ContainerIdArgument.class,
      description = "The container.")
  private ContainerId id;

  @Override
  int run(Call call) {
    new ContainerPause(call.context()).resume(id);
    return 0;
  }
}
