package dev.limpid.rehearsal;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.proto.Entropy;
import dev.limpid.vm.device.Balloon;
import dev.limpid.vm.hypervisor.Accelerator;
import dev.limpid.vm.hypervisor.Growth;
import dev.limpid.vm.hypervisor.VirtualMachine;
import dev.limpid.vm.network.NetworkChange;
import dev.limpid.vm.network.NetworkNamespace;
import dev.limpid.vm.network.NetworkState;
import dev.limpid.vm.template.TemplateDescription;
import dev.limpid.vm.template.TemplateStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/** What the verbs would come to in the end, as far as it changes nothing. */
final class LaterSteps {
  private static final int LEAST_MIB = 64;

  private LaterSteps() {}

  /** Of a machine that is made of any file, which nobody has made. */
  private static void lookForTemplate(Path file) throws IOException {
    VirtualMachine machine =
        new VirtualMachine(
            "template",
            file,
            List.of(),
            Accelerator.choose("auto").accelerator(),
            LEAST_MIB,
            OptionalInt.empty(),
            1,
            file,
            Optional.empty(),
            List.of(),
            List.of(new Balloon()));
    TemplateDescription description = TemplateDescription.of(machine, Growth.NONE);
    new TemplateStore(Path.of("/nowhere"), Clock.systemUTC()).use(description);
  }

  static void play() {
    try {
      Entropy.fromHost();
      // As names are made for what is added to a network namespace.
      UUID.randomUUID();
      lookForTemplate(Path.of("/bin/sh"));
      NetworkState state = new NetworkNamespace(Path.of("/proc/self/ns/net")).read();
      NetworkChange.between(
          NetworkState.fromJson(JsonCursor.root("network", NetworkState.EMPTY.toJson())),
          NetworkState.fromJson(JsonCursor.root("network", state.toJson())));
    } catch (IOException refused) {
      // Only root may read a namespace, and only with the program ip.
    }
  }
}
