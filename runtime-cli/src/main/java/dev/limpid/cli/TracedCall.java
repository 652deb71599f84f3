package dev.limpid.cli;

import dev.limpid.engine.trace.RecordedTrace;
import dev.limpid.engine.trace.Step;
import dev.limpid.engine.trace.TraceClock;
import dev.limpid.engine.trace.TraceFile;
import dev.limpid.oci.json.JsonObject;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** A call of a verb with {@code --trace}: what it did is in the file when it returns. */
final class TracedCall {
  private final Invocation invocation;
  private final LimpidCommand options;
  private final Report report;
  private final Path path;

  TracedCall(Invocation invocation, LimpidCommand options, Report report, Path path) {
    this.invocation = invocation;
    this.options = options;
    this.report = report;
    this.path = path;
  }

  /** Runs the verb, unless its trace could not be written. */
  int run(Verb verb) {
    RecordedTrace trace;
    TraceFile file;
    try {
      trace = begin();
      file = open(trace);
    } catch (IOException failed) {
      report.error(message(failed));
      return verb.failureStatus();
    }
    int status = Limpid.run(invocation, options, verb, report, trace);
    write(file, trace.end(outcome(status)));
    return status;
  }

  /** A step of its own, so that nobody takes its time for the verb's. */
  @SuppressWarnings("try") // A step is ended, not used.
  private TraceFile open(RecordedTrace trace) throws IOException {
    try (Step step = trace.begin("trace file")) {
      return TraceFile.open(path);
    }
  }

  private RecordedTrace begin() throws IOException {
    TraceClock clock = new TraceClock(invocation.clock(), System::nanoTime);
    long now = clock.now();
    long main = clock.at(invocation.beginNanos());
    // The kernel tells the time of the start less exactly than that of main is known.
    long start = Math.min(now - ProcessAge.micros(), main);
    String name = "limpid " + Verbs.called(invocation.arguments()).orElse("");
    RecordedTrace trace =
        new RecordedTrace(clock, ProcessHandle.current().pid(), name.strip(), start);
    trace.passed("start of the JVM", start, main);
    trace.passed("command line", main, now);
    return trace;
  }

  private JsonObject outcome(int status) {
    JsonObject.Builder outcome = JsonObject.builder().put("status", status);
    report.failure().ifPresent(message -> outcome.put("failure", message));
    return outcome.build();
  }

  /** What the verb has done counts, not whether it could be told. */
  private void write(TraceFile file, JsonObject document) {
    try {
      file.write(document);
    } catch (IOException failed) {
      report.warn(message(failed));
    }
  }

  private String message(IOException failed) {
    return "--trace: " + path + ": cannot be written: " + reason(failed);
  }

  private static String reason(IOException failed) {
    if (failed instanceof NoSuchFileException) {
      return "no such folder";
    }
    if (failed instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (failed instanceof NotDirectoryException) {
      return "not a folder";
    }
    return failed instanceof FileSystemException file && file.getReason() != null
        ? file.getReason()
        : String.valueOf(failed.getMessage());
  }
}
