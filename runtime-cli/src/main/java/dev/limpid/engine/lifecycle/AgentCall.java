package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.proto.AgentFailureException;
import dev.limpid.proto.AgentRequest;
import dev.limpid.proto.ControlLink;
import java.io.IOException;
import java.time.Duration;

/** One request to the agent of a running container. */
final class AgentCall {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private AgentCall() {}

  /**
   * Asks, and waits for the answer.
   *
   * @throws EngineException if the container does not run, or the agent refuses
   */
  static JsonObject of(
      ContainerDirectory directory, ContainerRecord container, AgentRequest request) {
    try (ControlLink link = ControlLink.connect(directory.path(), PATIENCE)) {
      return link.call(request, PATIENCE);
    } catch (AgentFailureException refused) {
      throw new EngineException(
          refused.code().equals("no-process")
              ? "container not running"
              : request.method() + ": " + refused.getMessage(),
          refused);
    } catch (IOException silent) {
      throw new EngineException(
          directory.hasEnded(container)
              ? "container not running"
              : "the container's virtual machine does not answer: " + silent.getMessage(),
          silent);
    }
  }
}
