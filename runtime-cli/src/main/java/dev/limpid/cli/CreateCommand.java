package dev.limpid.cli;

import dev.limpid.engine.lifecycle.ContainerCreation;
import dev.limpid.engine.lifecycle.CreateRequest.Attachment;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code limpid create}. */
@Command(
    name = "create",
    header = "Makes a container, up to the point where its program could start.",
    description = {
      "Boots the container's virtual machine, sets everything up that config.json asks for, and stops before"
          + " the user's program: 'limpid start' lets it go. The standard streams of this command become the"
          + " container's. Its pid (--pid-file) ends with the program's exit status."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid create -b mybundle --pid-file pid web")
final class CreateCommand extends Verb {
  @Mixin private LaunchOptions launch = new LaunchOptions();

  @Override
  void take(PlainArguments arguments) {
    while (arguments.next()) {
      launch.take(arguments);
    }
    launch.takeId(arguments);
  }

  @Override
  int run(Call call) {
    new ContainerCreation(call.context())
        .create(launch.request(call.invocation(), Attachment.DETACHED));
    return 0;
  }
}
