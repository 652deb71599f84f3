package dev.limpid.cli;

import dev.limpid.engine.lifecycle.ContainerRun;
import dev.limpid.engine.lifecycle.CreateRequest.Attachment;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code limpid run}. */
@Command(
    name = "run",
    header = "Creates a container, starts it, and waits for its end.",
    description = {
      "Without --detach, signals are passed on to the container's program, its exit status becomes this"
          + " command's (128 plus the number if a signal ended it), and the container is deleted."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid run -b mybundle web")
final class RunCommand extends Verb {
  @Mixin private LaunchOptions launch = new LaunchOptions();

  @Option(
      names = {"-d", "--detach"},
      description = "Return as soon as the container runs.")
  private boolean detach;

  @Option(
      names = "--keep",
      description = "Keep the container after its end, as 'create' and 'start' would.")
  private boolean keep;

  @Option(names = "--no-subreaper", hidden = true, description = "Ignored.")
  @SuppressWarnings("unused") // picocli looks at it
  private boolean noSubreaper;

  @Override
  void take(PlainArguments arguments) {
    while (arguments.next()) {
      switch (arguments.option()) {
        case "-d", "--detach" -> detach = arguments.flag("--detach");
        case "--keep" -> keep = arguments.flag("--keep");
        case "--no-subreaper" -> noSubreaper = arguments.flag("--no-subreaper");
        default -> launch.take(arguments);
      }
    }
    launch.takeId(arguments);
  }

  @Override
  int run(Call call) {
    ContainerRun run = new ContainerRun(call.context());
    if (detach) {
      run.detached(launch.request(call.invocation(), Attachment.DETACHED));
      return 0;
    }
    return run.attached(launch.request(call.invocation(), Attachment.ATTACHED), keep);
  }
}
