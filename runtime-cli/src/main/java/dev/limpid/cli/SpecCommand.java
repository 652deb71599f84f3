package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import dev.limpid.oci.spec.DefaultConfig;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code limpid spec}. */
@Command(
    name = "spec",
    header = "Writes a config.json to start from.",
    description = {"A container that runs 'sh' on a terminal in the bundle's folder rootfs."},
    footerHeading = "%nExample:%n",
    footer = "  limpid spec -b mybundle")
final class SpecCommand extends Verb {
  @Option(
      names = {"-b", "--bundle"},
      paramLabel = "DIR",
      description = "The bundle (default: the current folder).")
  private Path bundle = Path.of("");

  @Option(
      names = "--rootless",
      description = "Refused: a virtual machine's network and devices need root.")
  private boolean rootless;

  @Override
  int run(Call call) {
    if (rootless) {
      throw new EngineException("--rootless: not supported, a VM's network and devices need root");
    }
    Path file = Limpid.absolute(call.invocation(), bundle).resolve("config.json");
    try {
      Files.writeString(
          file, DefaultConfig.text(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException exists) {
      throw new EngineException("File config.json exists. Remove it first: " + file, exists);
    } catch (IOException failed) {
      throw new EngineException(file + ": cannot write: " + failed, failed);
    }
    return 0;
  }
}
