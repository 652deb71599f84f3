package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.Membership;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.proto.AgentFailureException;
import dev.limpid.proto.AgentRequest;
import dev.limpid.proto.ControlLink;
import dev.limpid.proto.InContainer;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** One request to the agent of a running container. */
final class AgentCall {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private AgentCall() {}

  /** A request as the agent has to hear it, which may have several containers. */
  static AgentRequest addressed(ContainerDirectory directory, AgentRequest request) {
    Optional<Membership> membership = directory.membership();
    return membership.isPresent()
        ? new InContainer(membership.get().container(), request)
        : request;
  }

  /**
   * Asks, and waits for the answer.
   *
   * @throws EngineException if the container does not run, or the agent refuses
   */
  static JsonObject of(
      ContainerDirectory directory, ContainerRecord container, AgentRequest request) {
    return of(directory, container, request, PATIENCE);
  }

  /**
   * The same, of something that may take longer than others.
   *
   * @param patience how long the answer may take
   */
  static JsonObject of(
      ContainerDirectory directory,
      ContainerRecord container,
      AgentRequest request,
      Duration patience) {
    try (ControlLink link = ControlLink.connect(directory.vm().path(), PATIENCE)) {
      return link.call(addressed(directory, request), patience);
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
