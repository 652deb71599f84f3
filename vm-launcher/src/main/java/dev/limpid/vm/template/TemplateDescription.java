package dev.limpid.vm.template;

import dev.limpid.vm.device.Device;
import dev.limpid.vm.device.ImageDisk;
import dev.limpid.vm.device.PmemDisk;
import dev.limpid.vm.hypervisor.Accelerator;
import dev.limpid.vm.hypervisor.Growth;
import dev.limpid.vm.hypervisor.Origin;
import dev.limpid.vm.hypervisor.QemuCommandLine;
import dev.limpid.vm.hypervisor.VirtualMachine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Everything that has shaped a template: a machine that is described in other words is no clone of
 * it.
 *
 * @param text one thing a line: how its hypervisor was called, which files it was made from, and
 *     since when the host is up
 */
public record TemplateDescription(String text) {
  /** Changes when something that is not in the text does. */
  private static final String VERSION = "limpid template 2";

  private static final String BOOT = "boot ";
  private static final String FILE = "file ";
  private static final String CPU = "cpu ";
  private static final String KERNEL = "-kernel";
  private static final int FILE_PARTS = 5;

  private static final Path CPUINFO = Path.of("/proc/cpuinfo");
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  /**
   * Describes a template.
   *
   * @param machine with the devices that all of its clones have, and no others
   * @param growth what may be plugged into a clone later
   * @throws IOException if a file that it is made from can't be looked at
   */
  public static TemplateDescription of(VirtualMachine machine, Growth growth) throws IOException {
    StringBuilder text = new StringBuilder(VERSION).append('\n');
    text.append(boot()).append('\n');
    for (String argument :
        QemuCommandLine.of(machine, growth, new Origin.Template(TemplateBuild.MEMORY))) {
      text.append(argument).append('\n');
    }
    text.append(file(machine.hypervisor())).append('\n');
    text.append(file(machine.kernel())).append('\n');
    if (machine.initrd().isPresent()) {
      text.append(file(machine.initrd().get())).append('\n');
    }
    if (machine.accelerator() == Accelerator.KVM) {
      text.append(cpu()).append('\n');
    }
    for (Device device : machine.devices()) {
      if (device instanceof PmemDisk disk) {
        text.append(file(disk.image())).append('\n');
      } else if (device instanceof ImageDisk disk) {
        text.append(file(disk.image())).append('\n');
      }
    }
    return new TemplateDescription(text.toString());
  }

  /** What a file in memory was before the host's last boot, nobody knows. */
  private static String boot() throws IOException {
    return BOOT + Files.readString(BOOT_ID).strip();
  }

  /** The guest has the host's processor then, and has settled for what that can do. */
  private static String cpu() throws IOException {
    StringBuilder text = new StringBuilder(CPU);
    for (String line : Files.readString(CPUINFO).split("\n", -1)) {
      if (line.isEmpty()) {
        break;
      }
      if (line.startsWith("model name")
          || line.startsWith("microcode")
          || line.startsWith("flags")) {
        text.append(line.substring(line.indexOf(':') + 1));
      }
    }
    return text.toString();
  }

  private static String file(Path path) throws IOException {
    Map<String, Object> is = Files.readAttributes(path, "unix:dev,ino,size,lastModifiedTime,ctime");
    return FILE
        + is.get("dev")
        + ':'
        + is.get("ino")
        + ' '
        + is.get("size")
        + ' '
        + is.get("lastModifiedTime")
        + ' '
        + is.get("ctime")
        + ' '
        + path;
  }

  /**
   * How the hypervisor is called for a clone that has no devices of its own; its memory has the
   * descriptor that the template's had.
   *
   * @throws IOException if the text is not one of these
   */
  List<String> cloneCommand() throws IOException {
    List<String> command = new ArrayList<>();
    boolean begun = false;
    for (String line : text.split("\n", -1)) {
      if (line.equals(KERNEL)) {
        command.addAll(QemuCommandLine.CLONE);
        return command;
      }
      if (begun) {
        command.add(line);
      }
      begun |= line.startsWith(BOOT);
    }
    throw new IOException("a description without a kernel");
  }

  /** Whether it can still be one of a machine: the files are what they were. */
  boolean isCurrent() throws IOException {
    for (String line : text.split("\n", -1)) {
      if (line.startsWith(BOOT) && !line.equals(boot())) {
        return false;
      }
      if (line.startsWith(CPU) && !line.equals(cpu())) {
        return false;
      }
      if (line.startsWith(FILE) && !line.equals(again(line))) {
        return false;
      }
    }
    return text.startsWith(VERSION + "\n");
  }

  /** The line of the same file as it is now. */
  private static String again(String line) throws IOException {
    String[] parts = line.substring(FILE.length()).split(" ", FILE_PARTS);
    try {
      return parts.length < FILE_PARTS ? "" : file(Path.of(parts[FILE_PARTS - 1]));
    } catch (NoSuchFileException gone) {
      return "";
    }
  }

  /** A name for it: 16 hexadecimal digits (FNV-1a of the text). */
  public String name() {
    long hash = FNV_OFFSET;
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (each & 0xff)) * FNV_PRIME;
    }
    String digits = Long.toHexString(hash);
    return "0".repeat(16 - digits.length()) + digits;
  }
}
