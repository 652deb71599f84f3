package dev.limpid.cli;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.oci.InvalidContainerIdException;
import dev.limpid.oci.json.DocumentException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * From an invocation to an exit status: parses, finds the verb, runs it, reports what went wrong.
 */
public final class Limpid {
  private static final int FAILURE = 1;

  private Limpid() {}

  /**
   * The whole command tree, for what is made of it: man pages, completion. No call of a verb needs
   * it.
   */
  public static CommandLine commandTree() {
    return Verbs.commandLineFor(new LimpidCommand(), List.of());
  }

  /**
   * Runs what the arguments ask for.
   *
   * @return the exit status: 0, 1 for a failure of ours, or the workload's for an attached {@code
   *     run}
   */
  public static int run(Invocation invocation) {
    LimpidCommand options = new LimpidCommand();
    CommandLine commandLine = Verbs.commandLineFor(options, invocation.arguments());
    commandLine.setOut(new PrintWriter(invocation.out(), true, StandardCharsets.UTF_8));
    ParseResult parsed;
    try {
      parsed = commandLine.parseArgs(invocation.arguments().toArray(new String[0]));
    } catch (ParameterException wrong) {
      Report report = Report.of(invocation, options);
      report.error(wrong.getMessage());
      String called = wrong.getCommandLine().getCommandName();
      invocation
          .err()
          .println("See '" + (called.equals("limpid") ? "" : "limpid ") + called + " --help'.");
      return FAILURE;
    }
    if (CommandLine.printHelpIfRequested(parsed)) {
      return 0;
    }
    if (options.version) {
      invocation.out().print(Version.text());
      return 0;
    }
    if (!parsed.hasSubcommand()) {
      commandLine.usage(invocation.out());
      return 0;
    }
    Report report = Report.of(invocation, options);
    Verb verb = (Verb) parsed.subcommand().commandSpec().userObject();
    try {
      refuse(options);
      return verb.run(new Call(invocation, options, context(invocation, options, report)));
    } catch (EngineException | DocumentException | InvalidContainerIdException failure) {
      report.error(failure.getMessage());
      return verb.failureStatus();
    } catch (RuntimeException defect) {
      report.defect(defect);
      return verb.failureStatus();
    }
  }

  private static void refuse(LimpidCommand options) {
    if (options.rootless.equals("true")) {
      throw new EngineException(
          "--rootless=true: not supported, a VM's network and devices need root");
    }
    if (!List.of("text", "json").contains(options.logFormat)) {
      throw new EngineException("--log-format: " + options.logFormat + ": must be text or json");
    }
  }

  private static EngineContext context(
      Invocation invocation, LimpidCommand options, Report report) {
    return new EngineContext(
        absolute(invocation, options.root),
        invocation.home(),
        invocation.environment(),
        invocation.clock(),
        report,
        options.log().map(log -> absolute(invocation, log)),
        options.logFormat,
        options.systemdCgroup);
  }

  static Path absolute(Invocation invocation, Path path) {
    return invocation.workingDirectory().resolve(path).normalize();
  }
}
