package dev.limpid.resident;

import java.util.function.BooleanSupplier;

/** What the resident process does for others. */
@FunctionalInterface
public interface Verbs {
  /**
   * Does one.
   *
   * @param request the call
   * @param transcript told what it prints
   * @param waiting whether the caller still is
   * @return the exit status, 0 to 255
   * @throws dev.limpid.engine.DeclinedException if it needs a process of its own; nothing has been
   *     done then
   */
  int run(Request request, Transcript transcript, BooleanSupplier waiting);
}
