package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
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
import java.util.Optional;
import java.util.OptionalLong;

/** The control group on the host of a container that is being made. */
final class ContainerCgroup {
  private static final String FIELD = ConfigParser.FILE_NAME + ": linux.resources.";

  private final CgroupPlacement placement;
  private final HostLimits limits;
  private Optional<HoldProcess> holder = Optional.empty();

  private ContainerCgroup(CgroupPlacement placement, HostLimits limits) {
    this.placement = placement;
    this.limits = limits;
  }

  /**
   * Chooses where it is; nothing is made yet.
   *
   * @throws EngineException if it is in use, or the host can't apply a limit
   * @throws dev.limpid.oci.json.InvalidSpecException if linux.cgroupsPath can't be followed
   */
  static ContainerCgroup place(EngineContext context, Bundle bundle, ContainerId id, VmSize size) {
    if (context.systemdCgroup() && !SystemdScope.isPossible()) {
      throw new EngineException(
          "--systemd-cgroup: systemd is not this host's init, and can't make control groups");
    }
    try {
      CgroupTree tree = CgroupTree.of(bundle.hostMounts());
      CgroupPlacement placement =
          CgroupPlacement.of(
              tree,
              ConfigParser.FILE_NAME,
              bundle.config().linux().cgroupsPath(),
              id.value(),
              context.systemdCgroup());
      Resources resources = bundle.config().linux().resources();
      warnOfMemory(context, resources, size);
      HostLimits limits = HostLimits.of(resources, size);
      CgroupLimits.check(tree, limits.settings(tree.version()));
      CgroupDirectories.refuseUsed(placement.cgroup());
      return new ContainerCgroup(placement, limits);
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
                  + ": more than this host has: the virtual machine gets "
                  + size.memoryMiB()
                  + " MiB");
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
  void make(Path shim, Rollback rollback) {
    HostCgroup cgroup = placement.cgroup();
    rollback.onFailure("the control group", () -> remove(cgroup));
    try {
      if (placement.scope().isPresent()) {
        HoldProcess process = HoldProcess.start(shim);
        holder = Optional.of(process);
        rollback.onFailure("the control group's first process", process::end);
        SystemdScope.start(
            placement.scope().get(),
            process.pid(),
            UnitProperty.of(cgroup.version(), limits.memory(), limits.cpu()));
      }
      CgroupDirectories.make(placement.tree(), cgroup);
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
  void limitBandwidth() {
    HostCgroup cgroup = placement.cgroup();
    try {
      CgroupLimits.write(cgroup, limits.bandwidth(cgroup.version()));
      if (cgroup.scope().isPresent()) {
        SystemdScope.set(cgroup.scope().get(), UnitProperty.ofBandwidth(limits.cpu()));
      }
    } catch (CgroupException refused) {
      throw wrong(refused);
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
      CgroupDirectories.remove(cgroup);
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
