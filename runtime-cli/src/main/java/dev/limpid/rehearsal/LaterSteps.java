package dev.limpid.rehearsal;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.proto.Entropy;
import dev.limpid.vm.network.NetworkChange;
import dev.limpid.vm.network.NetworkNamespace;
import dev.limpid.vm.network.NetworkState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

/** What the verbs would come to in the end, as far as it changes nothing. */
final class LaterSteps {
  private LaterSteps() {}

  static void play() {
    try {
      Entropy.fromHost();
      // As names are made for what is added to a network namespace.
      UUID.randomUUID();
      NetworkState state = new NetworkNamespace(Path.of("/proc/self/ns/net")).read();
      NetworkChange.between(
          NetworkState.fromJson(JsonCursor.root("network", NetworkState.EMPTY.toJson())),
          NetworkState.fromJson(JsonCursor.root("network", state.toJson())));
    } catch (IOException refused) {
      // Only root may read a namespace, and only with the program ip.
    }
  }
}
