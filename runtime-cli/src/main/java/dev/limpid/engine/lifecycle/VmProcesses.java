package dev.limpid.engine.lifecycle;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.container.HostProcess;
import java.util.List;

/** The end of a VM from outside: when it is over, nothing serves the guest or writes for it. */
final class VmProcesses {
  /** How long a shim may take to end its VM in order. */
  private static final long SHIM_PATIENCE_MS = 5_000;

  /** The same, if the guest has to bring back what was written to its disk: as for a pause. */
  private static final long DISK_PATIENCE_MS = 600_000;

  /** How long the host's kernel may take to end a process. */
  private static final long KERNEL_PATIENCE_MS = 10_000;

  /** How long the shim of a process writes what is left when its container is gone. */
  private static final long ATTACHED_PATIENCE_MS = 1_000;

  private VmProcesses() {}

  /**
   * Waits for the end of a shim and of its children, and brings it about where it does not come.
   *
   * @throws EngineException if the kernel does not end one of them
   */
  static void end(HostProcess shim, List<HostProcess> children) {
    endShim(shim);
    endChildren(children);
  }

  /** The same, of the shim alone. */
  static void endShim(HostProcess shim) {
    endShim(shim, false);
  }

  /**
   * The same.
   *
   * @param disk whether the guest may have to bring back first what was written to its disk
   */
  static void endShim(HostProcess shim, boolean disk) {
    awaitOrKill(shim, "limpid-shim", disk ? DISK_PATIENCE_MS : SHIM_PATIENCE_MS);
  }

  /** The same, of what the shim has started. */
  static void endChildren(List<HostProcess> children) {
    for (HostProcess child : children) {
      // It dies with the shim, but not in the same instant.
      awaitOrKill(child, "child", SHIM_PATIENCE_MS);
    }
  }

  /**
   * Waits for the end of shims that stand for processes of a container whose VM has ended. Who
   * reads what they write may have stopped to.
   *
   * @param hurried whether they get only the time that they need of their own
   * @throws EngineException if the kernel does not end one of them
   */
  static void endAttached(List<HostProcess> shims, boolean hurried) {
    long deadline =
        System.nanoTime() + (hurried ? ATTACHED_PATIENCE_MS : SHIM_PATIENCE_MS) * 1_000_000;
    for (HostProcess shim : shims) {
      shim.awaitDeath(Math.max(0, (deadline - System.nanoTime()) / 1_000_000));
    }
    kill(shims, "limpid-shim of a process");
  }

  /**
   * Ends processes at once.
   *
   * @throws EngineException if the kernel does not end one of them
   */
  static void kill(List<HostProcess> processes, String what) {
    for (HostProcess process : processes) {
      process.kill();
    }
    for (HostProcess process : processes) {
      awaitKilled(process, what);
    }
  }

  private static void awaitOrKill(HostProcess process, String what, long patience) {
    if (process.awaitDeath(patience)) {
      return;
    }
    process.kill();
    awaitKilled(process, what);
  }

  private static void awaitKilled(HostProcess process, String what) {
    if (!process.awaitDeath(KERNEL_PATIENCE_MS)) {
      throw new EngineException(
          "the container's " + what + ", process " + process.pid() + ", can't be killed");
    }
  }
}
