package dev.limpid.engine.check;

import dev.limpid.config.ConfigurationException;
import dev.limpid.config.HugePages;
import dev.limpid.config.LimpidConfiguration;
import dev.limpid.config.Permission;
import dev.limpid.config.RootfsMode;
import dev.limpid.config.TemplateUse;
import dev.limpid.config.UserNetwork;
import dev.limpid.engine.EngineContext;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.vm.HostHugePages;
import dev.limpid.engine.vm.HugePagesRequest;
import dev.limpid.vm.hypervisor.Accelerator;
import dev.limpid.vm.mountinfo.HostMount;
import dev.limpid.vm.mountinfo.MountTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Looks at everything on a host that Limpid needs, and changes nothing. */
public final class HostCheck {
  private static final String INSTALL_QEMU = "apt-get install qemu-system-x86";
  private static final String REINSTALL = "install Limpid again: make install";
  private static final Path TUN = Path.of("/dev/net/tun");
  private static final long SPACE_MIN_MIB = 1024;
  private static final List<String> PROGRAM_FOLDERS =
      List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin");

  private final EngineContext context;

  /** Looks with the configuration that a container of this context would get. */
  public HostCheck(EngineContext context) {
    this.context = context;
  }

  /** All findings, in the order in which a person would look. */
  public List<Finding> run() {
    List<Finding> findings = new ArrayList<>();
    LimpidConfiguration configuration;
    try {
      configuration = LimpidConfiguration.load(context.environment(), context.home());
      findings.add(Finding.fine("configuration", "readable"));
    } catch (ConfigurationException wrong) {
      configuration = LimpidConfiguration.defaults(context.home());
      findings.add(
          Finding.missing(
              "configuration",
              wrong.getMessage(),
              "see docs/configuration.md; the rest is checked" + " with the defaults"));
    }
    findings.add(privileges());
    findings.add(accelerator(configuration));
    findings.add(hypervisor(configuration.hypervisor()));
    findings.add(
        program(
            "virtiofsd",
            configuration.virtiofsd(),
            "apt-get install qemu-system-common",
            "--version"));
    if (configuration.userNetwork() == UserNetwork.PASST) {
      findings.add(program("passt", configuration.passt(), "apt-get install passt", "--version"));
    }
    findings.add(archive());
    findings.add(file("shim", configuration.shim(), true));
    findings.add(file("kernel", configuration.kernel(), false));
    findings.add(file("image", configuration.image(), false));
    findings.add(onPath("mkfs.erofs", "apt-get install erofs-utils"));
    if (configuration.rootfs() == RootfsMode.DISK
        || configuration.allow().contains(Permission.ROOTFS)) {
      findings.add(onPath("mkfs.ext4", "apt-get install e2fsprogs"));
    }
    findings.add(onPath("setpriv", "apt-get install util-linux"));
    findings.add(onPath("nsenter", "apt-get install util-linux"));
    findings.add(onPath("ip", "apt-get install iproute2"));
    findings.add(onPath("tc", "apt-get install iproute2"));
    findings.add(cgroups());
    findings.add(tun());
    findings.add(space("layers", configuration.layers()));
    if (configuration.template() == TemplateUse.AUTO) {
      findings.add(space("templates", configuration.templates()));
    }
    if (configuration.hugePages() != HugePages.NEVER) {
      findings.add(hugePages(configuration));
    }
    findings.add(space("state", context.root()));
    return findings;
  }

  private static Finding privileges() {
    Optional<String> uid = field(Path.of("/proc/self/status"), "Uid:");
    boolean root = uid.isPresent() && uid.get().startsWith("0");
    return root
        ? Finding.fine("privileges", "root")
        : Finding.missing("privileges", "not root", "run limpid as root");
  }

  private static Finding accelerator(LimpidConfiguration configuration) {
    try {
      Accelerator.Choice choice = Accelerator.choose(configuration.accelerator());
      String detail = choice.accelerator().word() + ": " + choice.reason();
      return choice.accelerator() == Accelerator.KVM
          ? Finding.fine("virtualization", detail)
          : Finding.lacking(
              "virtualization",
              detail,
              "containers run, slowly; turn on virtualization in the firmware (or nested"
                  + " virtualization in the cloud), and load kvm_intel or kvm_amd");
    } catch (IOException unknown) {
      return Finding.missing("virtualization", unknown.getMessage(), "mount /proc");
    }
  }

  /** One of Limpid's own that does not run lacks a library, which Debian's brings with it. */
  private Finding hypervisor(Path path) {
    boolean missing = path.startsWith(context.home()) && !Files.isExecutable(path);
    return program("hypervisor", path, missing ? REINSTALL : INSTALL_QEMU, "--version");
  }

  private static Finding program(String name, Path path, String advice, String versionOption) {
    if (!Files.isExecutable(path)) {
      return Finding.missing(
          name, path + " is not an executable file", advice + "; or name another in limpid.json");
    }
    Optional<String> version = firstLine(path, versionOption);
    return version.isPresent()
        ? Finding.fine(name, path + ": " + version.get())
        : Finding.missing(name, path + " does not run", advice);
  }

  private Finding archive() {
    ClassArchive archive = new ClassArchive(context);
    return archive.isInUse()
        ? Finding.fine("class archive", archive.file().toString())
        : Finding.lacking(
            "class archive",
            archive.file() + " is missing, or not of this JVM and these jars",
            "verbs take several times as long to start; run " + archive.maker());
  }

  private static Finding file(String name, Path path, boolean executable) {
    boolean usable = executable ? Files.isExecutable(path) : Files.isReadable(path);
    return usable && Files.isRegularFile(path)
        ? Finding.fine(name, path.toString())
        : Finding.missing(
            name, path + " is not a" + (executable ? "n executable" : "") + " file", REINSTALL);
  }

  private static Finding onPath(String program, String advice) {
    for (String folder : PROGRAM_FOLDERS) {
      Path path = Path.of(folder, program);
      if (Files.isExecutable(path)) {
        return Finding.fine(program, path.toString());
      }
    }
    return Finding.missing(program, "not found", advice);
  }

  private static Finding cgroups() {
    try {
      MountTable mounts = MountTable.read();
      Optional<HostMount> mount = mounts.at(Path.of("/sys/fs/cgroup"));
      if (mount.isPresent() && mount.get().type().equals("cgroup2")) {
        return Finding.fine("cgroups", "version 2");
      }
      for (HostMount each : mounts.mounts()) {
        if (each.type().equals("cgroup")) {
          return Finding.fine("cgroups", "version 1");
        }
      }
    } catch (IOException unknown) {
      return Finding.missing("cgroups", unknown.getMessage(), "mount /proc");
    }
    return Finding.lacking(
        "cgroups",
        "none is mounted below /sys/fs/cgroup",
        "containers run; engines want mount -t cgroup2 cgroup2 /sys/fs/cgroup");
  }

  private static Finding tun() {
    return Files.isWritable(TUN)
        ? Finding.fine("tun", TUN.toString())
        : Finding.lacking(
            "tun",
            TUN + " can't be written to",
            "containers have no network but their own loopback; modprobe tun");
  }

  /** For a VM as there are without anybody saying anything. */
  private static Finding hugePages(LimpidConfiguration configuration) {
    try {
      HostHugePages.ofHost().require(HugePagesRequest.of(configuration), configuration.memoryMiB());
      return Finding.fine("huge pages", "enough of " + configuration.hugePages().word());
    } catch (EngineException missing) {
      return Finding.missing(
          "huge pages", missing.getMessage(), "see docs/resources.md, \"Huge pages\"");
    }
  }

  private static Finding space(String name, Path folder) {
    Path existing = folder;
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    try {
      long mib = Files.getFileStore(existing).getUsableSpace() >> 20;
      String detail = folder + ": " + mib + " MiB free";
      return mib >= SPACE_MIN_MIB
          ? Finding.fine(name, detail)
          : Finding.lacking(name, detail, "make room: less than " + SPACE_MIN_MIB + " MiB is left");
    } catch (IOException unknown) {
      return Finding.missing(name, folder + ": " + unknown.getMessage(), "choose another folder");
    }
  }

  private static Optional<String> field(Path file, String name) {
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.startsWith(name)) {
          return Optional.of(line.substring(name.length()).strip());
        }
      }
    } catch (IOException absent) {
      return Optional.empty();
    }
    return Optional.empty();
  }

  private static Optional<String> firstLine(Path program, String option) {
    try {
      ProcessBuilder builder =
          new ProcessBuilder(program.toString(), option).redirectErrorStream(true);
      builder.environment().clear();
      Process process = builder.start();
      process.getOutputStream().close();
      String text =
          new String(process.getInputStream().readNBytes(4096), StandardCharsets.UTF_8).strip();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return Optional.empty();
      }
      int end = text.indexOf('\n');
      return process.exitValue() == 0
          ? Optional.of(end < 0 ? text : text.substring(0, end))
          : Optional.empty();
    } catch (IOException broken) {
      return Optional.empty();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
