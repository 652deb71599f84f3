package dev.limpid.cli;

import dev.limpid.engine.lifecycle.ContainerStates;
import dev.limpid.oci.json.JsonWriter;
import picocli.CommandLine.Command;

/** {@code limpid state}. */
@Command(
    name = "state",
    header = "Prints the state of a container as JSON.",
    description = {
      "The state object of the OCI runtime specification, with runc's additions. 'status' is creating, created,"
          + " running or stopped; 'pid' is 0 once it has stopped."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid state web")
final class StateCommand extends ContainerVerb {
  @Override
  int run(Call call) {
    call.out()
        .println(
            JsonWriter.indented("  ").write(new ContainerStates(call.context()).of(id).toJson()));
    return 0;
  }
}
