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
  void take(PlainArguments arguments) {
    while (arguments.next()) {
      switch (arguments.option()) {
        case "-f", "--force" -> force = arguments.flag("--force");
        default -> arguments.positional();
      }
    }
    arguments.positionals(1, 1);
    id = arguments.id();
  }

  @Override
  int run(Call call) {
    new ContainerDeletion(call.context()).delete(id, force);
    return 0;
  }
}
