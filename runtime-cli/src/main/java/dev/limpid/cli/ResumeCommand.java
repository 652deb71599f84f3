package dev.limpid.cli;

import dev.limpid.engine.lifecycle.ContainerPause;
import picocli.CommandLine.Command;

/** {@code limpid resume}. */
@Command(
    name = "resume",
    header = "Lets a paused container go on.",
    description = {"What came for it meanwhile, input and signals, reaches it now."},
    footerHeading = "%nExample:%n",
    footer = "  limpid resume web")
final class ResumeCommand extends ContainerVerb {
  @Override
  int run(Call call) {
    new ContainerPause(call.context()).resume(id);
    return 0;
  }
}
