package dev.limpid.cli;

import dev.limpid.oci.ContainerId;
import picocli.CommandLine.Parameters;

/** A verb about a container that there is. */
abstract class ContainerVerb extends Verb {
  /** The container. */
  @Parameters(
      index = "0",
      paramLabel = "ID",
      converter = ContainerIdArgument.class,
      description = "The container.")
  ContainerId id;

  @Override
  void take(PlainArguments arguments) {
    while (arguments.next()) {
      arguments.positional();
    }
    arguments.positionals(1, 1);
    id = arguments.id();
  }
}
