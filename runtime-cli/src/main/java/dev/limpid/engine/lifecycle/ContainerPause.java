package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerLock;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.state.Status;
import dev.limpid.proto.AgentFailureException;
import dev.limpid.proto.ControlLink;
import dev.limpid.proto.PauseRequest;
import dev.limpid.proto.ResumeRequest;
import dev.limpid.vm.qmp.QmpClient;
import java.io.IOException;
import java.time.Duration;

/**
 * Halts a container and lets it go on: first its processes, which so stop at a point of their own
 * kernel's choice, then the VM's processors, unless these are another container's.
 */
public final class ContainerPause {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration REFRESH_PATIENCE = Duration.ofSeconds(3);

  /** All that is on the container's disk is brought back before it counts as paused. */
  private static final Duration DISK_PATIENCE = Duration.ofMinutes(10);

  private static final Duration AGENT_PATIENCE = Duration.ofSeconds(30);

  private final EngineContext context;

  /** Pauses containers below the context's root. */
  public ContainerPause(EngineContext context) {
    this.context = context;
  }

  /**
   * Halts a container.
   *
   * @throws EngineException if it neither runs nor is created
   */
  @SuppressWarnings("try") // The lock is held, not used.
  public void pause(ContainerId id) {
    ContainerDirectory directory = new ContainerStore(context.root()).find(id);
    try (ContainerLock lock = directory.lock()) {
      ContainerRecord container = directory.required();
      if (container.phase() == ContainerRecord.Phase.CREATING
          || container.paused()
          || directory.hasEnded(container)) {
        throw new EngineException(
            "container not running or created: " + status(directory, container));
      }
      // Before it is: a verb that is killed meanwhile leaves one that `resume` takes.
      directory.write(container.paused(true));
      try {
        AgentCall.of(
            directory,
            container,
            new PauseRequest(),
            container.disk().isPresent() ? DISK_PATIENCE : AGENT_PATIENCE);
      } catch (EngineException failed) {
        if (failed.getCause() instanceof AgentFailureException) {
          directory.write(container.paused(false));
        }
        throw failed;
      }
      if (directory.membership().isEmpty()) {
        refreshRoot(directory);
        halt(directory);
      }
    }
  }

  /**
   * Lets a container go on.
   *
   * @throws EngineException if it is not paused
   */
  @SuppressWarnings("try") // The lock is held, not used.
  public void resume(ContainerId id) {
    ContainerDirectory directory = new ContainerStore(context.root()).find(id);
    try (ContainerLock lock = directory.lock()) {
      ContainerRecord container = directory.required();
      if (!container.paused() || directory.hasEnded(container)) {
        throw new EngineException("container not paused");
      }
      if (directory.membership().isEmpty()) {
        awaken(directory);
      }
      AgentCall.of(directory, container, new ResumeRequest());
      directory.write(container.paused(false));
    }
  }

  /**
   * Who pauses a container often wants to read its files: what its processes have written is to be
   * there. That it may not be is no reason to let them go on.
   */
  private void refreshRoot(ContainerDirectory directory) {
    try (ControlLink link = ControlLink.connect(directory.path(), PATIENCE)) {
      link.refreshRoot(REFRESH_PATIENCE);
    } catch (IOException failed) {
      context
          .journal()
          .warn(
              "pause: what the host sees of the root filesystem may be out of date: "
                  + failed.getMessage());
    }
  }

  /** Lets the VM's processors run, so that its agent can answer. */
  static void awaken(ContainerDirectory directory) {
    monitor(directory, "cont");
  }

  /** Halts them. */
  static void halt(ContainerDirectory directory) {
    monitor(directory, "stop");
  }

  private static void monitor(ContainerDirectory directory, String command) {
    try (QmpClient qmp = QmpClient.connect(directory.path(), PATIENCE)) {
      qmp.execute(command, PATIENCE);
    } catch (IOException failed) {
      throw new EngineException(
          "the container's hypervisor can't be told to " + command + ": " + failed.getMessage(),
          failed);
    }
  }

  private static String status(ContainerDirectory directory, ContainerRecord container) {
    return directory.hasEnded(container)
        ? Status.STOPPED.specName()
        : container.paused() ? Status.PAUSED.specName() : Status.CREATING.specName();
  }
}
