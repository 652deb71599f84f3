package dev.limpid.cli;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.PrintableText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Says what happened, as runc's callers expect it: a failure is one line on standard error and,
 * with {@code --log}, one record in that file, the last of level error; warnings go to the file, or
 * to standard error if there is none; debug records are kept only with {@code --debug}.
 */
final class Report implements Journal, AutoCloseable {
  private static final String CLEAR_TO_END = "\u001b[K";

  private final Invocation invocation;
  private final Optional<Path> file;
  private final boolean json;
  private final boolean debug;
  private final boolean keeping;

  /** Set up by the first record. */
  private Optional<LogFile> log = Optional.empty();

  /** In their order. */
  private final List<Runnable> kept = new ArrayList<>();

  private Optional<String> failure = Optional.empty();

  private Report(
      Invocation invocation, Optional<Path> file, boolean json, boolean debug, boolean keeping) {
    this.invocation = invocation;
    this.file = file;
    this.json = json;
    this.debug = debug;
    this.keeping = keeping;
  }

  static Report of(Invocation invocation, LimpidCommand options) {
    return of(invocation, options, false);
  }

  /** One that writes no records before it is told to. */
  static Report keeping(Invocation invocation, LimpidCommand options) {
    return of(invocation, options, true);
  }

  private static Report of(Invocation invocation, LimpidCommand options, boolean keeping) {
    return new Report(
        invocation,
        options.log().isPresent()
            ? Optional.of(Limpid.absolute(invocation, options.log().get()))
            : Optional.empty(),
        options.logFormat.equals("json"),
        options.debug,
        keeping);
  }

  /** A failure whose reason the message tells. */
  void error(String message) {
    failure = Optional.of(message);
    record(Level.ERROR, message);
    print(message);
  }

  @Override
  public void close() {
    if (log.isPresent()) {
      log.get().close();
    }
  }

  /** Writes the records that were kept. */
  void letGo() {
    kept.forEach(Runnable::run);
    kept.clear();
  }

  /** The last failure that was told. */
  Optional<String> failure() {
    return failure;
  }

  /** Something that should not have happened: what is said must be enough to find the place. */
  void defect(RuntimeException defect) {
    error("internal error: " + defect);
    if (debug) {
      defect.printStackTrace(invocation.err());
    } else {
      StackTraceElement[] trace = defect.getStackTrace();
      for (int i = 0; i < Math.min(trace.length, 3); i++) {
        invocation.err().println("  at " + trace[i]);
      }
    }
  }

  @Override
  public void debug(String message) {
    if (debug) {
      say(Level.DEBUG, message);
    }
  }

  @Override
  public void warn(String message) {
    say(Level.WARNING, message);
  }

  @Override
  public void progress(String message) {
    if (isWatched()) {
      invocation.err().print("\r" + PrintableText.of("limpid: " + message) + CLEAR_TO_END);
      invocation.err().flush();
    }
  }

  @Override
  public void progressEnds() {
    if (isWatched()) {
      invocation.err().print("\r" + CLEAR_TO_END);
      invocation.err().flush();
    }
  }

  /** Whether standard error is a terminal. */
  private static boolean isWatched() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException unknown) {
      return false;
    }
  }

  private void say(Level level, String message) {
    if (file.isPresent()) {
      record(level, message);
    } else {
      print(level.word() + ": " + message);
    }
  }

  /**
   * What a message cites may come from anybody: it can neither act on a terminal nor forge a line.
   */
  private void print(String message) {
    invocation.err().println("limpid: " + PrintableText.of(message).replace("\n", "\n  "));
  }

  private void record(Level level, String message) {
    if (file.isEmpty()) {
      return;
    }
    if (log.isEmpty()) {
      log = Optional.of(LogFile.open(file.get(), json, invocation.clock(), invocation.err()));
    }
    LogFile records = log.get();
    if (keeping) {
      kept.add(() -> records.append(level, message));
    } else {
      records.append(level, message);
    }
  }

  /** The levels of a record, in logrus's words. */
  enum Level {
    DEBUG,
    WARNING,
    ERROR;

    String word() {
      return switch (this) {
        case DEBUG -> "debug";
        case WARNING -> "warning";
        case ERROR -> "error";
      };
    }
  }
}
