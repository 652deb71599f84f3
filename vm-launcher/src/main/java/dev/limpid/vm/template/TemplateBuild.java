package dev.limpid.vm.template;

import dev.limpid.vm.hypervisor.Growth;
import dev.limpid.vm.hypervisor.Origin;
import dev.limpid.vm.hypervisor.QemuCommandLine;
import dev.limpid.vm.hypervisor.Suspension;
import dev.limpid.vm.hypervisor.VirtualMachine;
import dev.limpid.vm.qmp.QmpClient;
import dev.limpid.vm.shim.ShimPlan;
import dev.limpid.vm.tool.ToolProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * How templates are made, and tried: a machine without a container is booted, and stopped as soon
 * as its agent waits to be told something.
 *
 * @param shim the executable of the shim; absolute
 * @param machine with the devices that all clones have, and no others
 * @param growth what may be plugged into a clone later
 * @param patience how long each step may take
 */
public record TemplateBuild(Path shim, VirtualMachine machine, Growth growth, Duration patience) {
  /** The descriptor of the machine's memory, in a hypervisor that has no disks. */
  static final int MEMORY = QemuCommandLine.DISK_DESCRIPTOR;

  private static final long MIB = 1L << 20;
  private static final int OUTPUT_MAX = 4096;
  private static final String MACHINE_FOLDER = "vm";

  private static final FileAttribute<Set<PosixFilePermission>> OWNERS_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  static final FileAttribute<Set<PosixFilePermission>> OWNER_ALONE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  /**
   * What it is described as.
   *
   * @throws IOException if a file that it is made from can't be looked at
   */
  public TemplateDescription description() throws IOException {
    return TemplateDescription.of(machine, growth);
  }

  /**
   * Makes one.
   *
   * @param folder where its files are put; there, and absolute
   */
  void into(Path folder) throws IOException {
    Template template = Template.in(folder);
    Path directory = folder.resolve(MACHINE_FOLDER);
    Files.createDirectory(directory, OWNER_ALONE);
    ShimPlan plan = new ShimPlan(directory, BareVm.VERB_SOCKET);
    plan.hypervisor(QemuCommandLine.of(machine, growth, new Origin.Template(MEMORY)));
    plan.memory(machine.memoryMiB() * MIB);
    try (BareVm vm = BareVm.start(shim, directory, plan, patience)) {
      vm.awaitAgent();
      try (QmpClient qmp = vm.monitor()) {
        Suspension.save(qmp, directory, template.state(), patience);
      }
      copySparsely(
          Path.of("/proc/" + vm.hypervisor() + "/fd/" + MEMORY), template.memory(), folder);
    }
    TemplateFolder.remove(directory);
  }

  /**
   * Starts a clone and has its agent get it ready for nothing in particular.
   *
   * @param description what the template was described as
   * @param shim the executable of the shim; absolute
   * @param folder a folder of its own, there and empty, for its sockets
   * @param patience how long each step may take
   * @throws IOException if it does not
   */
  static void attempt(
      Template template, TemplateDescription description, Path shim, Path folder, Duration patience)
      throws IOException {
    ShimPlan plan = new ShimPlan(folder, BareVm.VERB_SOCKET);
    plan.hypervisor(description.cloneCommand());
    plan.memory(Files.size(template.memory()), template.memory());
    plan.state(template.state());
    try (BareVm vm = BareVm.start(shim, folder, plan, patience)) {
      vm.restore(MEMORY + 1);
    }
  }

  /** Most of the memory was never used, and much of the rest is zero again. */
  private static void copySparsely(Path from, Path to, Path folder) throws IOException {
    // As the shim wants it, whatever the mode of the source and the umask are.
    Files.createFile(to, OWNERS_FILE);
    ToolProcess.Ended copy =
        ToolProcess.start(
                List.of("cp", "--sparse=always", "--", from.toString(), to.toString()), folder)
            .toEnd(OUTPUT_MAX);
    if (copy.status() != 0) {
      throw new IOException(copy.output());
    }
  }
}
