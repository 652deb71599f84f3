package dev.limpid.cli;

import dev.limpid.engine.lifecycle.NetworkRefresh;
import picocli.CommandLine.Command;

/** {@code limpid refresh-network}: called by a container's shim. */
@Command(
    name = "refresh-network",
    hidden = true,
    header = "Gives a container what has changed in its network namespace.",
    description = {
      "Interfaces, addresses, routes and rules that have come or gone in the namespace since the container was"
          + " started. The container's shim calls it by itself when something has changed there."
    },
    footerHeading = "%nExample:%n",
    footer = "  limpid refresh-network web")
final class RefreshNetworkCommand extends ContainerVerb {
  @Override
  int run(Call call) {
    new NetworkRefresh(call.context()).refresh(id);
    return 0;
  }
}
