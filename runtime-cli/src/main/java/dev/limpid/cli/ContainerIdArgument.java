package dev.limpid.cli;

import dev.limpid.oci.ContainerId;
import dev.limpid.oci.InvalidContainerIdException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A container's id on the command line. */
final class ContainerIdArgument implements ITypeConverter<ContainerId> {
  @Override
  public ContainerId convert(String text) {
    try {
      return new ContainerId(text);
    } catch (InvalidContainerIdException wrong) {
      throw new TypeConversionException(wrong.getMessage());
    }
  }
}
