package dev.limpid.cli;

import dev.limpid.engine.Caller;
import dev.limpid.engine.DeclinedException;
import dev.limpid.engine.trace.Trace;
import dev.limpid.resident.Request;
import dev.limpid.resident.Transcript;
import dev.limpid.resident.Verbs;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The verbs that a resident process does for others, as far as their command line is plain and
 * means the same to it as to its caller.
 */
final class HandedVerbs implements Verbs {
  /** What those need for whom this is of use, and none that is a parent of anything. */
  private static final Set<String> NAMES = Set.of("state", "list", "ps", "kill", "delete", "start");

  private static final Set<String> READING = Set.of("state", "list", "ps");

  /** A resident process's own, which the client gives it. */
  private static final int UMASK = 022;

  private final Path home;

  HandedVerbs(Path home) {
    this.home = home;
  }

  @Override
  public int run(Request request, Transcript transcript, BooleanSupplier waiting) {
    Invocation invocation =
        new Invocation(
            request.arguments(),
            request.environment(),
            request.directory(),
            home,
            InputStream.nullInputStream(),
            transcript.out(),
            transcript.err(),
            Clock.systemUTC(),
            System.nanoTime(),
            Optional.of(new Caller(request.pid(), waiting)));
    LimpidCommand options = new LimpidCommand();
    String name;
    Verb verb;
    try {
      PlainArguments arguments = new PlainArguments(request.arguments());
      name = options.take(arguments).filter(NAMES::contains).orElseThrow(NotPlainException::new);
      verb = dev.limpid.cli.Verbs.verb(name);
      verb.take(arguments);
    } catch (NotPlainException other) {
      throw new DeclinedException("what is not plain");
    }
    decline(invocation, options, request.umask());
    return READING.contains(name)
        ? read(invocation, options, verb, transcript)
        : Limpid.run(invocation, options, verb);
  }

  /** What is said in the log is said once: not before it is sure that nobody has to do it again. */
  private static int read(
      Invocation invocation, LimpidCommand options, Verb verb, Transcript transcript) {
    try (Report report = Report.keeping(invocation, options)) {
      int status = Limpid.run(invocation, options, verb, report, Trace.NONE);
      if (transcript.isTooLong()) {
        throw new DeclinedException("more than an answer holds");
      }
      report.letGo();
      return status;
    }
  }

  private static void decline(Invocation invocation, LimpidCommand options, int umask) {
    if (options.version || options.debug || options.trace().isPresent()) {
      throw new DeclinedException("what is about a process");
    }
    if (isOfProcess(Limpid.absolute(invocation, options.root))) {
      throw new DeclinedException("a root that is of a process");
    }
    if (options.log().isPresent()) {
      declineLog(Limpid.absolute(invocation, options.log().get()), umask);
    }
  }

  /** Such as /dev/stderr, and a link to that; or a file yet to be made with the caller's umask. */
  private static void declineLog(Path log, int umask) {
    boolean there = Files.exists(log, LinkOption.NOFOLLOW_LINKS);
    if (isOfProcess(log)
        || (there ? !Files.isRegularFile(log, LinkOption.NOFOLLOW_LINKS) : umask != UMASK)) {
      throw new DeclinedException("a log that is no file");
    }
  }

  private static boolean isOfProcess(Path path) {
    return path.startsWith("/proc") || path.startsWith("/dev");
  }
}
