package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.Signal;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerLock;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.state.Status;
import dev.limpid.proto.AgentFailureException;
import dev.limpid.proto.ControlLink;
import dev.limpid.proto.KillRequest;
import dev.limpid.proto.PendingRequest;
import dev.limpid.proto.socket.Deadline;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Optional;

/** Sends signals into a container (runtime.md, "Kill"). */
public final class ContainerKill {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Several times what an answer takes: not to have one takes this process longer than a look. */
  private static final Duration GLANCE = Duration.ofSeconds(1);

  private static final long POLL_MILLIS = 5;

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
    // Its equals would load what records have for that.
    if (signalled && signal.number() == Signal.KILL.number()) {
      letEnd(directory, container);
    }
  }

  /**
   * A container that is paused ends by SIGKILL all the same. A verb that was at work already may
   * have halted the VM after the agent's answer, or still do so.
   */
  private static void letEnd(ContainerDirectory directory, ContainerRecord container) {
    ContainerDirectory vm = directory.vm();
    Deadline deadline = Deadline.in(PATIENCE);
    while (isPaused(vm) && !directory.hasEnded(container)) {
      if (awakenIfFree(vm, directory, container)) {
        return;
      }
      if (deadline.isOver()) {
        throw new EngineException(
            "the signal was sent, but another command is still pausing the container");
      }
      sleep();
    }
  }

  /**
   * Awakens a VM that is paused, while nobody can halt it.
   *
   * @return false if another verb is at work that may halt it
   */
  @SuppressWarnings("try") // The lock is held, not used.
  private static boolean awakenIfFree(
      ContainerDirectory vm, ContainerDirectory directory, ContainerRecord container) {
    try {
      Optional<ContainerLock> lock = vm.lockIfFree();
      if (lock.isEmpty()) {
        return false;
      }
      try (ContainerLock held = lock.get()) {
        if (isPaused(vm)) {
          ContainerPause.awaken(vm);
        }
      }
    } catch (EngineException failed) {
      if (!directory.hasEnded(container)) {
        throw failed;
      }
    }
    return true;
  }

  private static void sleep() {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new EngineException("interrupted", interrupted);
    }
  }

  /** Waits for an answer, also of a VM that another verb has halted meanwhile. */
  private static void await(ControlLink link, PendingRequest request, ContainerDirectory vm)
      throws IOException, AgentFailureException {
    Deadline deadline = Deadline.in(PATIENCE);
    while (true) {
      try {
        link.await(request, GLANCE);
        return;
      } catch (SocketTimeoutException late) {
        if (deadline.isOver()) {
          throw new SocketTimeoutException(
              "limpid-shim: the answer to kill has not come within " + deadline);
        }
        awakenIfPaused(vm);
      }
    }
  }

  private static void awakenIfPaused(ContainerDirectory vm) throws IOException {
    if (isPaused(vm)) {
      try {
        ContainerPause.awaken(vm);
      } catch (EngineException silent) {
        throw new IOException(silent.getMessage(), silent);
      }
    }
  }

  /** Whether the VM stands still, or may. */
  private static boolean isPaused(ContainerDirectory vm) {
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
    boolean joined = !vm.path().equals(directory.path());
    if (container.paused() || (joined && isPaused(vm))) {
      // Its processes stay frozen; the agent has to run.
      ContainerPause.awaken(vm);
    }
    try (ControlLink link = ControlLink.connect(vm.path(), PATIENCE)) {
      await(
          link,
          link.send(AgentCall.addressed(directory, new KillRequest(signal.number(), all))),
          vm);
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
