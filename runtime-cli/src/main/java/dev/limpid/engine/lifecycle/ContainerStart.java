package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.Signal;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerLock;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerRecord.Phase;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.guest.GuestErrorWording;
import dev.limpid.engine.hook.HookRunner;
import dev.limpid.engine.network.ContainerNetwork;
import dev.limpid.engine.trace.Step;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.config.Hook;
import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.state.Status;
import dev.limpid.proto.AgentFailureException;
import dev.limpid.proto.ControlLink;
import dev.limpid.proto.StartRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Lets the program of a created container go (runtime.md, "Start"). */
public final class ContainerStart {
  private static final String STOPPED = "cannot start a container that has stopped";
  private static final String RUNNING = "cannot start an already running container";
  private static final String GO = "start of the program";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final EngineContext context;

  /** Starts containers below the context's root. */
  public ContainerStart(EngineContext context) {
    this.context = context;
  }

  /**
   * Starts a container and runs its poststart hooks.
   *
   * @throws EngineException if it is not in the state {@code created}, if its program can't be run,
   *     or if a hook fails; in the last case the container has been killed
   */
  @SuppressWarnings("try") // The lock is held and the step is ended, not used.
  public void start(ContainerId id) {
    ContainerDirectory directory = new ContainerStore(context.root()).find(id);
    try (Step step = context.trace().begin("start");
        ContainerLock lock = OwnTurn.await(context, directory)) {
      ContainerRecord container = directory.required();
      refuseUnlessCreated(directory, container);
      declineHooks(directory);
      context.needCaller();
      joinNetwork(directory, container);
      go(directory, container);
      directory.write(container.in(Phase.RUNNING));
      hooks(directory, container);
    }
  }

  /** Looked for again when they run, as it takes time. */
  private void declineHooks(ContainerDirectory directory) {
    if (context.caller().isEmpty()) {
      return;
    }
    try {
      if (!directory.savedConfig().hooks().poststart().isEmpty()) {
        context.needOwnProcess("hooks.poststart");
      }
    } catch (EngineException | DocumentException unreadable) {
      context.needOwnProcess("hooks that cannot be read");
    }
  }

  private static void refuseUnlessCreated(ContainerDirectory directory, ContainerRecord container) {
    if (container.phase() == Phase.CREATING || directory.hasEnded(container)) {
      throw new EngineException(STOPPED);
    }
    if (container.paused()) {
      throw new EngineException("cannot start a container in the paused state");
    }
    if (container.phase() == Phase.RUNNING) {
      throw new EngineException(RUNNING);
    }
  }

  /**
   * Some engines make the network between create and start, and all may change it later: from now
   * on the shim looks for that.
   */
  @SuppressWarnings("try") // A step is ended, not used.
  private void joinNetwork(ContainerDirectory directory, ContainerRecord container) {
    if (directory.membership().isPresent()
        || container.shim().isEmpty()
        || ContainerNetwork.isShared(directory)) {
      return;
    }
    ContainerNetwork network =
        ContainerNetwork.of(directory, container.shim().get(), context.journal());
    try (Step step = context.trace().begin("network");
        ControlLink link = ControlLink.connect(directory.path(), PATIENCE)) {
      bringUpToDate(network, directory, container);
      // Of what was changed in the namespace for the VM's own sake the shim need not hear.
      link.watch(PATIENCE);
      bringUpToDate(network, directory, container);
    } catch (IOException failed) {
      if (directory.hasEnded(container)) {
        throw new EngineException(STOPPED, failed);
      }
      throw new EngineException("network: it can't be watched: " + failed.getMessage(), failed);
    }
  }

  private void bringUpToDate(
      ContainerNetwork network, ContainerDirectory directory, ContainerRecord container) {
    if (!network.looksTheSame()) {
      context.needOwnProcess("a network that has changed");
      network.update(request -> AgentCall.of(directory, container, request));
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private void go(ContainerDirectory directory, ContainerRecord container) {
    long shim = container.shim().isPresent() ? container.shim().get().pid() : 0;
    try (Step step = context.trace().begin(GO);
        Step inVm = context.trace().beginInVm(shim, GO);
        ControlLink link = ControlLink.connect(directory.vm().path(), PATIENCE)) {
      link.call(AgentCall.addressed(directory, new StartRequest()), PATIENCE);
    } catch (AgentFailureException refused) {
      if (refused.code().equals("no-process")) {
        throw new EngineException(STOPPED, refused);
      }
      if (refused.code().equals("state")) {
        // A verb that was killed had started it and could not write it down.
        directory.write(container.in(Phase.RUNNING));
        throw new EngineException(RUNNING, refused);
      }
      throw new EngineException(
          GuestErrorWording.of(refused, directory.savedConfig().process().args().get(0)), refused);
    } catch (IOException failed) {
      if (directory.hasEnded(container)) {
        throw new EngineException(STOPPED, failed);
      }
      throw new EngineException(
          "the container's virtual machine does not answer: " + failed.getMessage(), failed);
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private void hooks(ContainerDirectory directory, ContainerRecord container) {
    List<Hook> hooks = directory.savedConfig().hooks().poststart();
    if (hooks.isEmpty()) {
      return;
    }
    String state =
        JsonWriter.compact()
            .write(container.state(Status.RUNNING).hookState(Status.RUNNING).toJson());
    try (Step step = context.trace().begin("hooks")) {
      HookRunner.of(context).run("poststart", hooks, state);
    } catch (EngineException failed) {
      ContainerKill.send(directory, container, Signal.KILL, true);
      throw failed;
    }
  }
}
