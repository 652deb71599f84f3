package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.vm.shim.ShimPlan;
import dev.limpid.vm.shim.ShimProcess;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the terminal of a process and the words of its shim go, and who waits for its end: the same
 * for a container's own process and for any other.
 *
 * @param terminal whether the process has one
 * @param consoleSocket where it is sent; empty: it is the caller's own
 * @param detached whether the verb ends before the process
 */
record ShimStreams(boolean terminal, Optional<Path> consoleSocket, boolean detached) {
  /** Says so in the plan of the shim. */
  void describe(ShimPlan plan, EngineContext context) {
    if (detached) {
      plan.detached();
    }
    if (consoleSocket.isPresent()) {
      plan.sendTerminal(consoleSocket.get());
    } else if (terminal) {
      plan.inheritTerminal();
    } else {
      plan.noTerminal();
    }
    if (context.log().isPresent()) {
      plan.log(context.log().get(), context.logFormat());
    }
  }

  /** What the shim is to be started with: nothing of the caller's if the terminal is sent away. */
  ShimProcess.Streams ofShim() {
    return consoleSocket.isPresent() ? ShimProcess.Streams.NONE : ShimProcess.Streams.INHERITED;
  }
}
