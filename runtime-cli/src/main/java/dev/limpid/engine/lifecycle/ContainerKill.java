package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.Signal;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.state.Status;
import dev.limpid.proto.AgentFailureException;
import dev.limpid.proto.ControlLink;
import dev.limpid.proto.KillRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Sends signals into a container (runtime.md, "Kill"). */
public final class ContainerKill {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final EngineContext context;

  /** Signals for the containers below the context's root. */
  public ContainerKill(EngineContext context) {
    this.context = context;
  }

  /**
   * Sends a signal.
   *
   * @param id the container
   * @param signal which one
   * @param all to every process in the container, not only its first
   * @throws EngineException if there is no such container, or it does not run; with {@code all} a
   *     container that has stopped is no failure
   */
  public void kill(ContainerId id, Signal signal, boolean all) {
    ContainerDirectory directory = new ContainerStore(context.root()).find(id);
    ContainerRecord container = directory.required();
    Status status = directory.status(container);
    context.needCaller();
    boolean signalled =
        status != Status.STOPPED
            && status != Status.CREATING
            && (signal.number() == 0 || send(directory, container, signal, all));
    if (!signalled && !all) {
      throw new EngineException("container not running");
    }
  }

  /** Whether the VM stands still because of another container. */
  private static boolean isPaused(ContainerDirectory directory, ContainerDirectory vm) {
    if (vm.path().equals(directory.path())) {
      return false;
    }
    Optional<ContainerRecord> first = vm.read();
    return first.isPresent() && first.get().paused();
  }

  /**
   * Sends a signal to a container that is thought to run. One whose VM does not answer is ended
   * from outside if the signal is SIGKILL.
   *
   * @return false if it does not run any more
   */
  static boolean send(
      ContainerDirectory directory, ContainerRecord container, Signal signal, boolean all) {
    ContainerDirectory vm = directory.vm();
    if (container.paused() || isPaused(directory, vm)) {
      // Its processes stay frozen; the agent has to run.
      ContainerPause.awaken(vm);
    }
    try (ControlLink link = ControlLink.connect(vm.path(), PATIENCE)) {
      link.call(AgentCall.addressed(directory, new KillRequest(signal.number(), all)), PATIENCE);
      return true;
    } catch (AgentFailureException refused) {
      if (refused.code().equals("no-process")) {
        return false;
      }
      throw new EngineException(refused.getMessage(), refused);
    } catch (IOException silent) {
      if (directory.hasEnded(container)) {
        return false;
      }
      if (signal.equals(Signal.KILL) && container.shim().isPresent()) {
        container.shim().get().kill();
        return true;
      }
      throw new EngineException(
          "the container's virtual machine does not answer: " + silent.getMessage(), silent);
    }
  }
}
