package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.container.ExitRecord;
import dev.limpid.engine.container.NoSuchContainerException;
import dev.limpid.engine.trace.Step;
import dev.limpid.oci.ContainerId;
import dev.limpid.vm.shim.ShimProcess;
import java.util.Optional;

/** Creates and starts a container in one go, and stays with it if asked to. */
public final class ContainerRun {
  private final EngineContext context;

  /** Runs containers below the context's root. */
  public ContainerRun(EngineContext context) {
    this.context = context;
  }

  /**
   * Creates and starts a container, and leaves it running.
   *
   * @throws EngineException if it can't be created or started; nothing is left of it then
   */
  public void detached(CreateRequest request) {
    new ContainerCreation(context).create(request);
    start(request.id());
  }

  /**
   * Creates and starts a container, passes signals on to it, and waits for its end.
   *
   * @param keep whether the container stays, stopped, when its program has ended
   * @return the program's exit status, 128 plus the number if a signal ended it
   * @throws EngineException if it can't be created or started, or if its VM dies; nothing is left
   *     of it then, but for {@code keep}
   */
  public int attached(CreateRequest request, boolean keep) {
    SignalForwarding signals = SignalForwarding.install();
    ShimProcess shim = new ContainerCreation(context).create(request);
    start(request.id());
    signals.to(shim.pid());
    int status = await(shim);
    signals.stop();
    Optional<ExitRecord> exit = exit(request.id());
    if (!keep) {
      new ContainerDeletion(context).delete(request.id(), true);
    }
    if (exit.isPresent() && exit.get().vmDied()) {
      throw new EngineException("the virtual machine has died: " + exit.get().diagnosis());
    }
    return status;
  }

  /** Empty as well if somebody else has just deleted the container. */
  private Optional<ExitRecord> exit(ContainerId id) {
    try {
      return new ContainerStore(context.root()).find(id).exit();
    } catch (NoSuchContainerException deleted) {
      return Optional.empty();
    }
  }

  private void start(ContainerId id) {
    try {
      new ContainerStart(context).start(id);
    } catch (EngineException failed) {
      new ContainerDeletion(context).delete(id, true);
      throw failed;
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private int await(ShimProcess shim) {
    try (Step step = context.trace().begin("workload");
        Step inVm = context.trace().beginInVm(shim.pid(), "workload")) {
      return shim.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new EngineException("interrupted", interrupted);
    }
  }
}
