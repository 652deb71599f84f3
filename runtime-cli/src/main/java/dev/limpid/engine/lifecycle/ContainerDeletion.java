package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.Signal;
import dev.limpid.engine.container.ContainerDirectory;
import dev.limpid.engine.container.ContainerLock;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerRecord.Phase;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.container.FolderRemoval;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.engine.container.NoSuchContainerException;
import dev.limpid.engine.hook.HookRunner;
import dev.limpid.engine.network.ContainerNetwork;
import dev.limpid.engine.trace.Step;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.config.Hook;
import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.oci.state.Status;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Removes what a container has left (runtime.md, "Delete"). */
public final class ContainerDeletion {
  private final EngineContext context;

  /** Deletes containers below the context's root. */
  public ContainerDeletion(EngineContext context) {
    this.context = context;
  }

  /**
   * Removes a container that has stopped, or whose program was never started; with {@code force}
   * any.
   *
   * @throws EngineException if there is none of this id (not with {@code force}), if it runs, or if
   *     something of it can't be removed
   */
  @SuppressWarnings("try") // A step is ended, not used.
  public void delete(ContainerId id, boolean force) {
    try (Step step = context.trace().begin("delete")) {
      deleteExisting(id, force);
    } catch (NoSuchContainerException none) {
      if (!force) {
        throw none;
      }
    }
  }

  @SuppressWarnings("try") // The lock is held, not used.
  private void deleteExisting(ContainerId id, boolean force) {
    ContainerDirectory directory = new ContainerStore(context.root()).find(id);
    List<Hook> hooks = List.of();
    Optional<ContainerRecord> container;
    try (ContainerLock lock = OwnTurn.await(context, directory)) {
      container = record(directory, force);
      if (container.isPresent()) {
        refuseIfRunning(directory, container.get(), force);
        // One that is still being created has lost its creator, or the lock could not be had.
        if (container.get().phase() != Phase.CREATING) {
          hooks = poststopHooks(directory, force);
        }
        declineChildren(directory, container.get(), hooks);
        context.needCaller();
        end(directory, container.get(), force);
        releaseNetwork(directory, force);
        removeRootfs(directory, container.get());
        removeCgroup(container.get());
      } else {
        if (directory.membership().isPresent()) {
          context.needOwnProcess("another container's virtual machine");
        }
        context.needCaller();
        leaveVm(directory, id);
      }
      directory.remove();
    }
    if (container.isPresent()) {
      poststop(hooks, container.get());
    }
  }

  /** What takes programs of the host, or more than a moment. */
  private void declineChildren(
      ContainerDirectory directory, ContainerRecord container, List<Hook> hooks) {
    if (context.caller().isEmpty()) {
      return;
    }
    if (!hooks.isEmpty()) {
      context.needOwnProcess("hooks.poststop");
    }
    if (container.cgroup().scope().isPresent()) {
      context.needOwnProcess("a unit of systemd");
    }
    if (container.disk().isPresent()) {
      context.needOwnProcess("what was written to a disk");
    }
    try {
      if (directory.membership().isPresent()) {
        context.needOwnProcess("another container's virtual machine");
      }
      if (ContainerNetwork.hasToBeReleased(directory)) {
        context.needOwnProcess("a network namespace");
      }
    } catch (EngineException | DocumentException unreadable) {
      context.needOwnProcess("a file that cannot be read");
    }
  }

  /** With force, a record that can't be read is no reason to keep what can be removed. */
  private Optional<ContainerRecord> record(ContainerDirectory directory, boolean force) {
    try {
      return directory.read();
    } catch (EngineException unreadable) {
      if (!force) {
        throw unreadable;
      }
      context.needOwnProcess("a record that cannot be read");
      context
          .journal()
          .warn(unreadable.getMessage() + "; its processes, if there are any, are not ended");
      return Optional.empty();
    }
  }

  private List<Hook> poststopHooks(ContainerDirectory directory, boolean force) {
    try {
      return directory.savedConfig().hooks().poststop();
    } catch (EngineException | DocumentException unreadable) {
      if (!force) {
        throw unreadable;
      }
      context.needOwnProcess("hooks that cannot be read");
      context.journal().warn("poststop hooks are not run: " + unreadable.getMessage());
      return List.of();
    }
  }

  private static void refuseIfRunning(
      ContainerDirectory directory, ContainerRecord container, boolean force) {
    if (container.phase() == Phase.RUNNING && !force && !directory.hasEnded(container)) {
      throw new EngineException(
          "cannot delete container "
              + container.id()
              + " that is not stopped: "
              + (container.paused() ? Status.PAUSED : Status.RUNNING).specName());
    }
  }

  /** Ends what still runs of a container. */
  @SuppressWarnings("try") // A step is ended, not used.
  private void end(ContainerDirectory directory, ContainerRecord container, boolean force) {
    try (Step step = context.trace().begin("processes")) {
      if (container.shim().isPresent()) {
        endShim(directory, container, container.shim().get());
      }
      // In between, because virtiofsd has to be there until the guest has let go of what it serves.
      leaveVm(directory, container.id());
      VmProcesses.endChildren(container.children());
      VmProcesses.endAttached(directory.processes(), force);
      if (force && container.phase() != Phase.CREATING) {
        // Such as the shim of an exec that has not come so far that it was noted. Before, the group
        // may not have become the container's.
        ContainerCgroup.end(container.cgroup(), context.caller());
      }
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private void removeRootfs(ContainerDirectory directory, ContainerRecord container) {
    try (Step step = context.trace().begin("root filesystem")) {
      for (Path release : container.releases()) {
        FolderRemoval.remove(release);
      }
      if (container.disk().isPresent()) {
        DiskRemoval.afterEnd(
            container.disk().get(),
            directory.path(),
            container.phase() != Phase.CREATING,
            context.journal());
      }
    }
  }

  @SuppressWarnings("try") // A step is ended, not used.
  private void removeCgroup(ContainerRecord container) {
    try (Step step = context.trace().begin("control group")) {
      ContainerCgroup.remove(container.cgroup());
    }
  }

  /** With force, what can't be put back is no reason to keep the container. */
  @SuppressWarnings("try") // A step is ended, not used.
  private void releaseNetwork(ContainerDirectory directory, boolean force) {
    try (Step step = context.trace().begin("network")) {
      ContainerNetwork.release(directory);
    } catch (EngineException failed) {
      if (!force) {
        throw failed;
      }
      context.journal().warn(failed.getMessage());
    }
  }

  private void leaveVm(ContainerDirectory directory, ContainerId id) {
    Optional<JoinedVm> place = JoinedVm.of(directory, id);
    if (place.isPresent()) {
      place.get().leave(context.journal());
    }
  }

  /** From inside if the guest cooperates, else from outside. */
  private static void endShim(
      ContainerDirectory directory, ContainerRecord container, HostProcess shim) {
    boolean ending = container.phase() != Phase.CREATING;
    if (ending && !directory.hasEnded(container)) {
      try {
        ContainerKill.send(directory, container, Signal.KILL, true);
      } catch (EngineException refused) {
        // What the guest does not do, the end of its VM does.
        ending = false;
      }
    }
    VmProcesses.endShim(shim, ending && container.disk().isPresent());
  }

  /** The container is gone whatever these say, so their failure is only told (runtime.md, 13). */
  @SuppressWarnings("try") // A step is ended, not used.
  private void poststop(List<Hook> hooks, ContainerRecord container) {
    if (hooks.isEmpty()) {
      return;
    }
    String state =
        JsonWriter.compact()
            .write(container.state(Status.STOPPED).hookState(Status.STOPPED).toJson());
    try (Step step = context.trace().begin("hooks")) {
      for (String failure : HookRunner.of(context).runAll("poststop", hooks, state)) {
        context.journal().warn(failure);
      }
    }
  }
}
