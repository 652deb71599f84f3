package dev.limpid.cli;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

/**
 * The verbs of {@code limpid}. Setting up picocli for one verb costs a few milliseconds, for all of
 * them many; so only the one that is called is, and all only when somebody asks for help.
 */
final class Verbs {
  /** In the order in which help lists them: a container's life first. */
  private static final List<String> NAMES =
      List.of(
          "create",
          "start",
          "run",
          "exec",
          "state",
          "kill",
          "ps",
          "pause",
          "resume",
          "update",
          "events",
          "delete",
          "list",
          "spec",
          "features",
          "checkpoint",
          "restore",
          "check",
          "layers",
          "template",
          "refresh-network",
          "resident");

  /** What follows the container's name is for another program, options included. */
  private static final List<String> WITH_A_PROGRAM = List.of("exec", "ps");

  private Verbs() {}

  /** The command line that understands these arguments. */
  static CommandLine commandLineFor(LimpidCommand limpid, List<String> arguments) {
    CommandLine commandLine = new CommandLine(limpid);
    // An argument that begins with @ is one, not a file of arguments.
    commandLine.setExpandAtFiles(false);
    Optional<String> called = called(arguments);
    if (called.isPresent() && NAMES.contains(called.get())) {
      commandLine.addSubcommand(called.get(), verb(called.get()));
    } else {
      for (String name : NAMES) {
        commandLine.addSubcommand(name, verb(name));
      }
    }
    for (String name : WITH_A_PROGRAM) {
      CommandLine verb = commandLine.getSubcommands().get(name);
      if (verb != null) {
        verb.setStopAtPositional(true);
      }
    }
    return commandLine;
  }

  /** The first argument that is neither a global option nor the value of one. */
  static Optional<String> called(List<String> arguments) {
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (!argument.startsWith("-")) {
        return Optional.of(argument);
      }
      if (takesNextArgument(argument)) {
        i++;
      }
    }
    return Optional.empty();
  }

  private static boolean takesNextArgument(String option) {
    return switch (option) {
      case "--root", "--log", "--log-format", "--trace", "--rootless", "--criu" -> true;
      default -> false;
    };
  }

  /**
   * A verb that has not been given its arguments.
   *
   * @throws NotPlainException if there is none of this name
   */
  static Verb verb(String name) {
    return switch (name) {
      case "create" -> new CreateCommand();
      case "start" -> new StartCommand();
      case "run" -> new RunCommand();
      case "exec" -> new ExecCommand();
      case "state" -> new StateCommand();
      case "kill" -> new KillCommand();
      case "ps" -> new PsCommand();
      case "pause" -> new PauseCommand();
      case "resume" -> new ResumeCommand();
      case "update" -> new UpdateCommand();
      case "events" -> new EventsCommand();
      case "checkpoint" -> new CheckpointCommand();
      case "restore" -> new RestoreCommand();
      case "delete" -> new DeleteCommand();
      case "list" -> new ListCommand();
      case "spec" -> new SpecCommand();
      case "features" -> new FeaturesCommand();
      case "check" -> new CheckCommand();
      case "layers" -> new LayersCommand();
      case "template" -> new TemplateCommand();
      case "refresh-network" -> new RefreshNetworkCommand();
      case "resident" -> new ResidentCommand();
      default -> throw new NotPlainException();
    };
  }
}
