package dev.limpid.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code limpid} itself: the options that stand before the verb, the same as runc's. */
@Command(
    name = "limpid",
    synopsisSubcommandLabel = "VERB",
    header = "Runs OCI containers, each in a virtual machine of its own.",
    description = {
      "",
      "A drop-in for runc: Docker, containerd, podman and CRI-O call it in the same way. A container is a"
          + " folder (the bundle) with a config.json and a root filesystem; see 'limpid spec'.",
      ""
    },
    footerHeading = "%nTry it:%n",
    footer = {
      "  limpid check                     can this host run virtual machines?",
      "  limpid spec -b mybundle          write a config.json to start from",
      "  limpid run -b mybundle web       run it here",
      "  limpid list                      what there is",
      "",
      "'limpid VERB --help' tells about one verb. Configuration: /etc/limpid/limpid.json."
    },
    optionListHeading = "Options:%n",
    commandListHeading = "%nVerbs:%n",
    sortOptions = false)
final class LimpidCommand {
  @Option(
      names = "--root",
      paramLabel = "DIR",
      description = "Where the state of containers is kept (default: ${DEFAULT-VALUE}).",
      defaultValue = "/run/limpid")
  Path root = Path.of("/run/limpid");

  @Option(
      names = "--log",
      paramLabel = "FILE",
      description = "Append messages to FILE; a failure is shown on standard error as well.")
  private Path log;

  @Option(
      names = "--log-format",
      paramLabel = "FORMAT",
      description = "Format of messages: text or json (default: text).",
      defaultValue = "text")
  String logFormat = "text";

  @Option(
      names = "--debug",
      arity = "0..1",
      paramLabel = "true|false",
      fallbackValue = "true",
      description = "Say more: how the virtual machine is started, what was changed or left out.")
  boolean debug;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description = "Write to FILE how long each step took, for chrome://tracing or Perfetto.")
  private Path trace;

  @Option(
      names = "--systemd-cgroup",
      arity = "0..1",
      paramLabel = "true|false",
      fallbackValue = "true",
      description =
          "Let systemd make a new container's control group: linux.cgroupsPath is slice:prefix:name.")
  boolean systemdCgroup;

  @Option(
      names = "--rootless",
      paramLabel = "true|false|auto",
      description = "Accepted for runc's sake; 'true' is refused, a VM's devices need root.",
      defaultValue = "auto")
  String rootless = "auto";

  @Option(names = "--criu", paramLabel = "PATH", hidden = true, description = "Ignored.")
  @SuppressWarnings("unused") // picocli looks at it
  private String criu;

  @Option(
      names = {"-v", "--version"},
      description = "Print the version, and the version of the specification.")
  boolean version;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this, or with a verb what is to know of it.")
  @SuppressWarnings("unused") // picocli looks at it
  private boolean help;

  /**
   * Takes the options before the verb.
   *
   * @return the verb; empty if there is none because the version is asked for
   */
  Optional<String> take(PlainArguments arguments) {
    while (arguments.next()) {
      switch (arguments.option()) {
        case "--root" -> root = arguments.path("--root");
        case "--log" -> log = arguments.path("--log");
        case "--log-format" -> logFormat = arguments.value("--log-format");
        case "--debug" -> debug = arguments.optionalBoolean("--debug");
        case "--systemd-cgroup" -> systemdCgroup = arguments.optionalBoolean("--systemd-cgroup");
        case "--rootless" -> rootless = arguments.value("--rootless");
        case "--criu" -> criu = arguments.value("--criu");
        case "-v", "--version" -> version = arguments.flag("--version");
        default -> {
          if (version) {
            throw new NotPlainException();
          }
          return Optional.of(arguments.verb());
        }
      }
    }
    if (!version) {
      throw new NotPlainException();
    }
    return Optional.empty();
  }

  /** The file that messages go to, if one was named. */
  Optional<Path> log() {
    return Optional.ofNullable(log);
  }

  /** The file that the verb's steps go to, if one was named. */
  Optional<Path> trace() {
    return Optional.ofNullable(trace);
  }
}
