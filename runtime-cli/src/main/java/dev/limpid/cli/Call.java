package dev.limpid.cli;

import dev.limpid.engine.EngineContext;
import java.io.PrintStream;

/**
 * One call of a verb.
 *
 * @param invocation where it comes from
 * @param options the global options
 * @param context what the engine needs to know
 */
record Call(Invocation invocation, LimpidCommand options, EngineContext context) {
  PrintStream out() {
    return invocation.out();
  }
}
