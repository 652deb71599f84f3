package dev.limpid.engine.lifecycle;

import dev.limpid.engine.Caller;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.HostProcess;
import dev.limpid.engine.trace.Step;
import dev.limpid.engine.trace.Trace;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.Resources;
import dev.limpid.vm.cgroup.CgroupDirectories;
import dev.limpid.vm.cgroup.CgroupException;
import dev.limpid.vm.cgroup.CgroupLimits;
import dev.limpid.vm.cgroup.CgroupPlacement;
import dev.limpid.vm.cgroup.CgroupTree;
import dev.limpid.vm.cgroup.HostCgroup;
import dev.limpid.vm.cgroup.SystemdScope;
import dev.limpid.vm.cgroup.UnitProperty;
import dev.limpid.vm.shim.HoldProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The control group on the host of a container that is being made. */
final class ContainerCgroup {
  private static final String STEP = "control group";
  private static final String FIELD = ConfigParser.FILE_NAME + ": linux.resources.";

  private final Trace trace;
  private final CgroupPlacement placement;
  private final HostLimits limits;
  private Optional<HoldProcess> holder = Optional.empty();

  private ContainerCgroup(Trace trace, CgroupPlacement placement, HostLimits limits) {
    this.trace = trace;
    this.placement = placement;
    this.limits = limits;
  }

  /**
   * Chooses where it is; nothing is made yet.
   *
   * @throws EngineException if it is in use, or the host can't apply a limit
   * @throws dev.limpid.oci.json.InvalidSpecException if linux.cgroupsPath can't be followed
   */
  @SuppressWarnings("try") // A step is ended, not used.
  static ContainerCgroup place(EngineContext context, Bundle bundle, ContainerId id, VmSize size) {
    if (context.systemdCgroup() && !SystemdScope.isPossible()) {
      throw new EngineException(
          "--systemd-cgroup: systemd is not this host's init, and can't make control groups");
    }
    try (Step step = context.trace().begin(STEP)) {
      CgroupTree tree = CgroupTree.of(bundle.hostMounts());
      CgroupPlacement placement =
          CgroupPlacement.of(
              tree,
              ConfigParser.FILE_NAME,
              bundle.config().linux().cgroupsPath(),
              id.value(),
              context.systemdCgroup());
      Resources resources = bundle.config().linux().resources();
      LimitBounds.check(FIELD, resources);
      warnOfMemory(context, resources, size);
      HostLimits limits = HostLimits.of(resources, size);
      CgroupLimits.check(tree, limits.settings(tree.version()));
      CgroupDirectories.refuseUsed(placement.cgroup());
      return new ContainerCgroup(context.trace(), placement, limits);
    } catch (IOException failed) {
      throw new EngineException("the host's control groups: " + failed.getMessage(), failed);
    } catch (CgroupException refused) {
      throw wrong(refused);
    }
  }

  private static void warnOfMemory(EngineContext context, Resources resources, VmSize size) {
    OptionalLong limit = VmSize.memoryLimit(resources);
    if (limit.isPresent() && limit.getAsLong() > size.workloadBytes()) {
      context
          .journal()
          .warn(
              "linux.resources.memory.limit: "
                  + limit.getAsLong()
                  + ": more than there is in the virtual machine, which gets "
                  + size.memoryMiB()
                  + " MiB: what this host has, or what it was asked to have");
    }
  }

  /** What is to be removed with the container. */
  HostCgroup cgroup() {
    return placement.cgroup();
  }

  /**
   * Makes it, with the limits that hold from the beginning.
   *
   * @param shim the shim's executable
   * @param rollback told how to remove it
   */
  @SuppressWarnings("try") // A step is ended, not used.
  void make(Path shim, Rollback rollback) {
    HostCgroup cgroup = placement.cgroup();
    List<Path> made = new ArrayList<>();
    rollback.onFailure("the control group", () -> remove(made));
    try (Step step = trace.begin(STEP)) {
      if (placement.scope().isPresent()) {
        HoldProcess process = HoldProcess.start(shim);
        holder = Optional.of(process);
        rollback.onFailure("the control group's first process", process::end);
        SystemdScope.start(
            placement.scope().get(),
            process.pid(),
            UnitProperty.of(cgroup.version(), limits.memory(), limits.cpu()));
        // With it go those directories that systemd has made.
        rollback.onFailure("the control group", () -> remove(cgroup));
        SystemdScope.await(placement.scope().get(), process.pid());
      }
      CgroupDirectories.make(placement.tree(), cgroup, made::add);
      CgroupLimits.write(cgroup, limits.settings(cgroup.version()));
    } catch (IOException failed) {
      throw new EngineException(
          "limpid-shim can't be started: " + failed.getMessage() + "; see 'limpid check'", failed);
    } catch (CgroupException refused) {
      throw wrong(refused);
    }
  }

  /** The shim is in it. */
  void entered() {
    holder.ifPresent(HoldProcess::end);
  }

  /** The guest has booted: from now on its processors are limited too. */
  @SuppressWarnings("try") // A step is ended, not used.
  void limitBandwidth() {
    HostCgroup cgroup = placement.cgroup();
    try (Step step = trace.begin(STEP)) {
      if (cgroup.scope().isPresent()) {
        // First: systemd rounds what it writes.
        SystemdScope.set(cgroup.scope().get(), UnitProperty.ofBandwidth(limits.cpu()));
      }
      CgroupLimits.write(cgroup, limits.bandwidth(cgroup.version()));
    } catch (CgroupException refused) {
      throw wrong(refused);
    }
  }

  /**
   * Kills what is in a container's control group.
   *
   * @param caller who has handed the verb over, if somebody has
   * @throws EngineException if the kernel does not end it
   */
  static void end(HostCgroup cgroup, Optional<Caller> caller) {
    try {
      List<HostProcess> processes = new ArrayList<>();
      for (long pid : CgroupDirectories.processes(cgroup)) {
        // The group is not meant for whoever deletes the container, but he may be in it.
        boolean callers = caller.isPresent() && caller.get().pid() == pid;
        if (pid != ProcessHandle.current().pid() && !callers) {
          processes.add(HostProcess.of(pid));
        }
      }
      VmProcesses.kill(processes, "control group");
    } catch (CgroupException failed) {
      throw new EngineException("the control group: " + failed.getMessage(), failed);
    }
  }

  /**
   * Removes a container's control group; waits until nothing is left in it.
   *
   * @throws EngineException if something stays in it
   */
  static void remove(HostCgroup cgroup) {
    try {
      if (cgroup.scope().isPresent()) {
        SystemdScope.stop(cgroup.scope().get());
      }
    } catch (CgroupException failed) {
      throw new EngineException("the control group: " + failed.getMessage(), failed);
    }
    remove(cgroup.directories());
  }

  private static void remove(List<Path> directories) {
    try {
      CgroupDirectories.remove(directories);
    } catch (CgroupException failed) {
      throw new EngineException("the control group: " + failed.getMessage(), failed);
    }
  }

  private static EngineException wrong(CgroupException refused) {
    String message = refused.getMessage();
    return new EngineException(
        message.startsWith("/") || message.startsWith("systemd") ? message : FIELD + message,
        refused);
  }
}
