package dev.limpid.vm.template;

import dev.limpid.proto.AgentFailureException;
import dev.limpid.proto.AgentRequest;
import dev.limpid.proto.ControlLink;
import dev.limpid.proto.PingRequest;
import dev.limpid.vm.device.SharedFolder;
import dev.limpid.vm.hypervisor.Suspension;
import dev.limpid.vm.qmp.QmpClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The clone of a template goes on where that was stopped.
 *
 * @param directory the directory of its VM; absolute
 * @param link the link to its shim
 * @param stateDescriptor that of the template's state, in the hypervisor
 * @param patience how long each step may take
 */
public record Restoration(
    Path directory, ControlLink link, int stateDescriptor, Duration patience) {
  private static final Duration SHIM_PATIENCE = Duration.ofSeconds(30);

  /**
   * Restores it, and waits until its agent answers.
   *
   * @param folder a folder that the template did not have
   * @throws IOException if it does not; with QEMU's last words if it has ended
   */
  public void carryOut(Optional<SharedFolder> folder) throws IOException {
    try (QmpClient qmp = QmpClient.connect(directory, patience)) {
      Suspension.restore(qmp, stateDescriptor, patience);
      // QEMU restores no machine that has one.
      if (folder.isPresent()) {
        folder.get().plug(qmp, patience);
      }
      qmp.execute("cont", patience);
    } catch (IOException failed) {
      // If QEMU has ended, the shim says so instead of asking the agent.
      ping(SHIM_PATIENCE);
      throw failed;
    }
    ping(patience);
  }

  private void ping(Duration wait) throws IOException {
    ask(link, new PingRequest(), wait);
  }

  /** Asks the agent for something that it has no reason to refuse. */
  static void ask(ControlLink link, AgentRequest request, Duration patience) throws IOException {
    try {
      link.call(request, patience);
    } catch (AgentFailureException refused) {
      throw new IOException("the guest's agent: " + refused.getMessage(), refused);
    }
  }
}
