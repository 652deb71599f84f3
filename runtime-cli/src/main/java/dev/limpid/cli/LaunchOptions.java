package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.lifecycle.CreateRequest;
import dev.limpid.oci.ContainerId;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options that create and run have in common. */
final class LaunchOptions {
  /** Why descriptors are not preserved. */
  static final String NO_FDS =
      "not supported, an open file of the host can't be passed into a virtual machine";

  @Parameters(
      paramLabel = "ID",
      converter = ContainerIdArgument.class,
      description = "The container's name: letters, digits, and _ + - .")
  private ContainerId id;

  @Option(
      names = {"-b", "--bundle"},
      paramLabel = "DIR",
      description = "The bundle: the folder of config.json (default: the current one).")
  private Path bundle = Path.of("");

  @Option(
      names = "--pid-file",
      paramLabel = "FILE",
      description = "Write the pid of the process that stands for the container to FILE.")
  private Path pidFile;

  @Option(
      names = "--console-socket",
      paramLabel = "SOCKET",
      description = "A UNIX socket that is sent the terminal, if process.terminal asks for one.")
  private Path consoleSocket;

  @Option(
      names = "--no-pivot",
      description = "Accepted: the root filesystem is changed in the guest, always by pivot_root.")
  @SuppressWarnings("unused") // picocli looks at it
  private boolean noPivot;

  @Option(
      names = "--no-new-keyring",
      description = "Accepted: the keyrings of a virtual machine are its own.")
  @SuppressWarnings("unused") // picocli looks at it
  private boolean noNewKeyring;

  @Option(
      names = "--preserve-fds",
      paramLabel = "N",
      description = "Must be 0: an open file of the host can't be passed into a virtual machine.")
  private int preserveFds;

  /** Takes the argument that stands there. */
  void take(PlainArguments arguments) {
    switch (arguments.option()) {
      case "-b", "--bundle" -> bundle = arguments.path("--bundle");
      case "--pid-file" -> pidFile = arguments.path("--pid-file");
      case "--console-socket" -> consoleSocket = arguments.path("--console-socket");
      case "--no-pivot" -> noPivot = arguments.flag("--no-pivot");
      case "--no-new-keyring" -> noNewKeyring = arguments.flag("--no-new-keyring");
      case "--preserve-fds" ->
          preserveFds = PlainArguments.number(arguments.value("--preserve-fds"));
      default -> arguments.positional();
    }
  }

  /** Takes what is left when all options have been taken. */
  void takeId(PlainArguments arguments) {
    arguments.positionals(1, 1);
    id = arguments.id();
  }

  CreateRequest request(Invocation invocation, CreateRequest.Attachment attachment) {
    if (preserveFds != 0) {
      throw new EngineException("--preserve-fds: " + preserveFds + ": " + NO_FDS);
    }
    return new CreateRequest(
        id,
        Limpid.absolute(invocation, bundle),
        optional(invocation, pidFile),
        optional(invocation, consoleSocket),
        attachment);
  }

  static Optional<Path> optional(Invocation invocation, Path path) {
    return path == null ? Optional.empty() : Optional.of(Limpid.absolute(invocation, path));
  }
}
