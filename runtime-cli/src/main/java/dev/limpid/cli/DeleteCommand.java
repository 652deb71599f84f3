package dev.limpid.cli;

import dev.limpid.engine.lifecycle.ContainerDeletion;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code limpid delete}. */
@Command(
    name = "delete",
    header = "Removes what a stopped container has left.",
    description = {
      "Its virtual machine, its sockets and its state; never its bundle or root filesystem."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid delete --force web")
final class DeleteCommand extends ContainerVerb {
  @Option(
      names = {"-f", "--force"},
      description = "Kill it first if it runs; succeed if there is none of this id.")
  private boolean force;

  @Override
  int run(Call call) {
    new ContainerDeletion(call.context()).delete(id, force);
    return 0;
  }
}
