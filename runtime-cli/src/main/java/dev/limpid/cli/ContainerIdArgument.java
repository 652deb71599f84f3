package dev.limpid.cli;

import dev.limpid.oci.ContainerId;
import picocli.CommandLine.ITypeConverter;

/** A container's id on the command line. */
final class ContainerIdArgument implements ITypeConverter<ContainerId> {
  @Override
  public ContainerId convert(String text) {
    return new ContainerId(text);
  }
}
