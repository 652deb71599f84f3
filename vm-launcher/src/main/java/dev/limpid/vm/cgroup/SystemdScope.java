package dev.limpid.vm.cgroup;

import dev.limpid.vm.cgroup.CgroupPlacement.Scope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A unit of systemd that holds the processes of a container. systemd is spoken to by busctl(1),
 * which is there wherever systemd is.
 */
public final class SystemdScope {
  private static final Path RUNNING = Path.of("/run/systemd/system");
  private static final int PATIENCE_SECONDS = 30;
  private static final String NO_SUCH_UNIT = "not loaded";

  private SystemdScope() {}

  /** Whether systemd is this host's init. */
  public static boolean isPossible() {
    return Files.isDirectory(RUNNING);
  }

  /**
   * Makes the unit. It may take a moment until the process is in it: {@link #await}.
   *
   * @param pid the process; the unit ends when nothing is left in it
   * @param properties limits
   * @throws CgroupException with systemd's words if it does not; then one of this name, if there is
   *     one, is somebody else's
   */
  public static void start(Scope scope, long pid, List<UnitProperty> properties)
      throws CgroupException {
    run(startCommand(scope, pid, properties));
  }

  /**
   * Waits until a process is in the unit.
   *
   * @throws CgroupException if it ends, or does not come to be in it
   */
  public static void await(Scope scope, long pid) throws CgroupException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    Path file = Path.of("/proc/" + pid + "/cgroup");
    while (true) {
      try {
        if (isIn(Files.readString(file), scope.unit())) {
          return;
        }
        Thread.sleep(2);
      } catch (IOException gone) {
        throw new CgroupException(scope.unit() + ": the process in it has ended", gone);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new CgroupException(scope.unit() + ": interrupted", interrupted);
      }
      if (System.nanoTime() - deadline > 0) {
        throw new CgroupException(scope.unit() + ": systemd does not start it");
      }
    }
  }

  /**
   * Tells systemd of other limits.
   *
   * @throws CgroupException with systemd's words if it does not take them
   */
  public static void set(String unit, List<UnitProperty> properties) throws CgroupException {
    if (!properties.isEmpty()) {
      run(setCommand(unit, properties));
    }
  }

  /**
   * Ends the unit. Nothing happens if it has ended, as it does when nothing is left in it.
   *
   * @throws CgroupException with systemd's words if it does not
   */
  public static void stop(String unit) throws CgroupException {
    try {
      run(call("StopUnit", "ss", unit, "replace"));
    } catch (CgroupException refused) {
      if (!refused.getMessage().contains(NO_SUCH_UNIT)) {
        throw refused;
      }
    }
    try {
      // Otherwise one of this name can't be made again if it failed.
      run(call("ResetFailedUnit", "s", unit));
    } catch (CgroupException none) {
      // Usually it is gone by now.
    }
  }

  static List<String> startCommand(Scope scope, long pid, List<UnitProperty> properties) {
    List<UnitProperty> all = new ArrayList<>();
    all.add(UnitProperty.text("Description", "container " + scope.unit()));
    all.add(UnitProperty.text("Slice", scope.slice()));
    all.add(new UnitProperty("PIDs", "au", List.of("1", Long.toString(pid))));
    all.add(UnitProperty.flag("Delegate"));
    all.add(UnitProperty.flag("CPUAccounting"));
    all.add(UnitProperty.flag("IOAccounting"));
    all.add(UnitProperty.flag("MemoryAccounting"));
    all.add(UnitProperty.flag("TasksAccounting"));
    // Or it would be ended before what depends on it when the host shuts down.
    all.add(new UnitProperty("DefaultDependencies", "b", List.of("false")));
    all.addAll(properties);
    List<String> command = call("StartTransientUnit", "ssa(sv)a(sa(sv))", scope.unit(), "replace");
    addAll(command, all);
    command.add("0");
    return command;
  }

  static List<String> setCommand(String unit, List<UnitProperty> properties) {
    List<String> command = call("SetUnitProperties", "sba(sv)", unit, "true");
    addAll(command, properties);
    return command;
  }

  static boolean isIn(String procCgroup, String unit) {
    for (String line : procCgroup.split("\n", -1)) {
      boolean systemds = line.startsWith("0::") || line.contains(":name=systemd:");
      if (systemds && line.endsWith("/" + unit)) {
        return true;
      }
    }
    return false;
  }

  private static List<String> call(String method, String signature, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "busctl",
                "--quiet",
                "--timeout=" + PATIENCE_SECONDS,
                // What follows may begin with a hyphen: a slice does.
                "--",
                "call",
                "org.freedesktop.systemd1",
                "/org/freedesktop/systemd1",
                "org.freedesktop.systemd1.Manager",
                method,
                signature));
    command.addAll(List.of(arguments));
    return command;
  }

  private static void addAll(List<String> command, List<UnitProperty> properties) {
    command.add(Integer.toString(properties.size()));
    for (UnitProperty property : properties) {
      command.add(property.name());
      command.add(property.signature());
      command.addAll(property.values());
    }
  }

  private static void run(List<String> command) throws CgroupException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(Path.of("/dev/null").toFile())
              .start();
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        throw new CgroupException("systemd: " + said);
      }
    } catch (IOException failed) {
      throw new CgroupException(
          "systemd can't be spoken to: busctl: " + failed.getMessage(), failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new CgroupException("systemd: interrupted", interrupted);
    }
  }
}
