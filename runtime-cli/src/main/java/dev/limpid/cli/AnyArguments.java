package dev.limpid.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * What is not as plain as {@link PlainArguments}: abbreviated, wrong, or asking for help. picocli
 * knows what to do.
 */
final class AnyArguments {
  private AnyArguments() {}

  /** Runs what the arguments ask for. */
  static int run(Invocation invocation) {
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
      return Limpid.FAILURE;
    }
    if (CommandLine.printHelpIfRequested(parsed)) {
      return 0;
    }
    if (options.version) {
      return Limpid.version(invocation);
    }
    if (!parsed.hasSubcommand()) {
      commandLine.usage(invocation.out());
      return 0;
    }
    return Limpid.run(invocation, options, (Verb) parsed.subcommand().commandSpec().userObject());
  }
}
