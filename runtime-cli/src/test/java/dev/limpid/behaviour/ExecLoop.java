package dev.limpid.behaviour;

import dev.limpid.cli.Invocation;
import dev.limpid.cli.Limpid;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** Many calls of exec, one after another, in one JVM: to start one for each takes far longer. */
final class ExecLoop {
  private ExecLoop() {}

  /**
   * Calls exec again and again, each time with another exit status.
   *
   * @param args Limpid's home, the root, the container's id, how many calls
   */
  public static void main(String[] args) {
    for (int i = 0; i < Integer.parseInt(args[3]); i++) {
      int expected = i % 100;
      List<String> call =
          List.of("--root", args[1], "exec", args[2], "sh", "-c", "exit " + expected);
      int status =
          Limpid.run(
              new Invocation(
                  call,
                  System.getenv(),
                  Path.of("/"),
                  Path.of(args[0]),
                  System.in,
                  System.out,
                  System.err,
                  Clock.systemUTC(),
                  System.nanoTime(),
                  Optional.empty()));
      if (status != expected) {
        System.err.println("call " + i + ": status " + status + " in place of " + expected);
        System.exit(1);
      }
    }
  }
}
