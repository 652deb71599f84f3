package dev.limpid.cli;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a call of limpid has come to, without a process of its own. */
record Outcome(int status, String out, String err) {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2025-03-01T12:34:56.789Z"), ZoneOffset.UTC);

  /** Calls limpid in a folder. */
  static Outcome of(Path folder, String... arguments) {
    return of(folder, Map.of(), arguments);
  }

  /** Calls limpid in a folder and an environment. */
  static Outcome of(Path folder, Map<String, String> environment, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status;
    try (PrintStream outStream = new PrintStream(out, false, StandardCharsets.UTF_8);
        PrintStream errStream = new PrintStream(err, false, StandardCharsets.UTF_8)) {
      status =
          Limpid.run(
              new Invocation(
                  List.of(arguments),
                  environment,
                  folder,
                  folder.resolve("home"),
                  InputStream.nullInputStream(),
                  outStream,
                  errStream,
                  CLOCK,
                  System.nanoTime(),
                  Optional.empty()));
    }
    return new Outcome(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
