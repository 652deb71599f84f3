package dev.limpid.cli;

import dev.limpid.engine.EngineException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** {@code limpid checkpoint}, which there is not. */
@Command(
    name = "checkpoint",
    header = "Not supported: the processes of a container are in another kernel.",
    description = {"It stands here so that callers who try it are told."})
final class CheckpointCommand extends Verb {
  @Unmatched
  @SuppressWarnings("unused") // picocli looks at it
  private List<String> ignored;

  @Override
  int run(Call call) {
    throw new EngineException(
        "checkpoint: not supported, CRIU can't reach processes in a virtual machine's kernel");
  }
}
