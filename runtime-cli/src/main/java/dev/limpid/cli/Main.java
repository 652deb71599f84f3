package dev.limpid.cli;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Optional;

/**
 * The process {@code limpid}: hands its surroundings to {@link Limpid} and exits with what that
 * returns.
 */
public final class Main {
  private Main() {}

  /**
   * Runs one verb.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    long begin = System.nanoTime();
    Invocation invocation =
        new Invocation(
            Arrays.asList(args),
            System.getenv(),
            Path.of("").toAbsolutePath(),
            Path.of(System.getProperty("limpid.home", "/usr/local/lib/limpid")),
            System.in,
            System.out,
            System.err,
            Clock.systemUTC(),
            begin,
            Optional.empty());
    int status = Limpid.run(invocation);
    System.out.flush();
    System.err.flush();
    // No shutdown hooks: there is nothing that they would do, and they take time.
    ProcessExit.now(invocation.home(), status);
    Runtime.getRuntime().halt(status);
  }
}
