package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;

/**
 * How a program ended that was run to its end.
 *
 * @param command what was run
 * @param status its exit status
 * @param out what it wrote to standard output
 * @param err what it wrote to standard error
 */
record Outcome(String command, int status, String out, String err) {
  /** The same, if it went well. */
  Outcome succeeded() {
    return exited(0);
  }

  /** The same, if it ended with this status. */
  Outcome exited(int expected) {
    assertEquals(expected, status, this::toString);
    return this;
  }

  /** The lines of its standard output. */
  String[] lines() {
    return out.lines().toArray(String[]::new);
  }
}
