package dev.limpid.cli;

import dev.limpid.engine.DeclinedException;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.check.ClassArchive;
import dev.limpid.engine.trace.Trace;
import dev.limpid.oci.InvalidContainerIdException;
import dev.limpid.oci.json.DocumentException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

/**
 * From an invocation to an exit status: parses, finds the verb, runs it, reports what went wrong.
 */
public final class Limpid {
  static final int FAILURE = 1;

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
    Optional<Verb> verb;
    try {
      PlainArguments arguments = new PlainArguments(invocation.arguments());
      Optional<String> name = options.take(arguments);
      verb = name.isEmpty() ? Optional.empty() : Optional.of(Verbs.verb(name.get()));
      if (verb.isPresent()) {
        verb.get().take(arguments);
      }
    } catch (NotPlainException other) {
      return AnyArguments.run(invocation);
    }
    return verb.isPresent() ? run(invocation, options, verb.get()) : version(invocation);
  }

  /** Runs a verb that has been given its arguments. */
  static int run(Invocation invocation, LimpidCommand options, Verb verb) {
    try (Report report = Report.of(invocation, options)) {
      if (options.trace().isEmpty()) {
        return run(invocation, options, verb, report, Trace.NONE);
      }
      Path file = absolute(invocation, options.trace().get());
      return new TracedCall(invocation, options, report, file).run(verb);
    }
  }

  /** Runs a verb, and reports what went wrong. */
  static int run(
      Invocation invocation, LimpidCommand options, Verb verb, Report report, Trace trace) {
    try {
      refuse(options);
      EngineContext context = context(invocation, options, report, trace);
      if (options.debug && options.log().isPresent()) {
        sayHowItStarted(new ClassArchive(context), report);
      }
      return verb.run(new Call(invocation, options, context));
    } catch (EngineException | DocumentException | InvalidContainerIdException failure) {
      report.error(failure.getMessage());
      return verb.failureStatus();
    } catch (DeclinedException declined) {
      throw declined;
    } catch (RuntimeException defect) {
      report.defect(defect);
      return verb.failureStatus();
    }
  }

  static int version(Invocation invocation) {
    invocation.out().print(Version.text());
    return 0;
  }

  private static void sayHowItStarted(ClassArchive archive, Report report) {
    if (!archive.isInUse()) {
      report.debug(
          archive.file()
              + " can't be used: verbs start slowly until "
              + archive.maker()
              + " is run");
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
      Invocation invocation, LimpidCommand options, Report report, Trace trace) {
    return new EngineContext(
        absolute(invocation, options.root),
        invocation.home(),
        invocation.environment(),
        invocation.clock(),
        report,
        trace,
        options.log().isPresent()
            ? Optional.of(absolute(invocation, options.log().get()))
            : Optional.empty(),
        options.logFormat,
        options.systemdCgroup,
        invocation.caller());
  }

  static Path absolute(Invocation invocation, Path path) {
    return invocation.workingDirectory().resolve(path).normalize();
  }
}
