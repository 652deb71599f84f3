package dev.limpid.config;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonReader;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an administrator may choose (docs/configuration.md).
 *
 * @param hypervisor QEMU's executable
 * @param virtiofsd the executable that serves folders of the host to a VM
 * @param passt the executable that gives VMs a network where others live
 * @param shim the executable that stands for a container
 * @param kernel the guest's kernel, an uncompressed vmlinux
 * @param image the guest's root filesystem, an EROFS image
 * @param layers where image layers are kept for DAX
 * @param layersMaxMiB what those that no VM uses are removed for; 1 to 2^30, or 0 for half of the
 *     file system
 * @param template whether VMs are clones of templates
 * @param templates where templates are kept, best in memory
 * @param accelerator {@code auto}, {@code kvm} or {@code tcg}
 * @param memoryMiB a VM's memory, if the container has no limit that asks for more; 128 to 1048576
 * @param hugePages which pages a VM's memory consists of
 * @param vcpus a VM's virtual CPUs; 1 to 256
 * @param kernelParameters put behind Limpid's own on the guest kernel's command line
 * @param startTimeoutSeconds how long a VM may take until it answers; 1 to 3600
 * @param rootfs how root filesystems get into VMs, where that way is possible
 * @param diskMiB how large the disk is that holds what a container writes, if it is on one; {@value
 *     #DISK_MIB_MIN} to {@value #DISK_MIB_MAX}
 * @param userNetwork what becomes of a container that shares the network of others
 * @param allow what config.json may choose for its VM
 * @param file where all this is from, or would be
 */
public record LimpidConfiguration(
    Path hypervisor,
    Path virtiofsd,
    Path passt,
    Path shim,
    Path kernel,
    Path image,
    Path layers,
    int layersMaxMiB,
    TemplateUse template,
    Path templates,
    String accelerator,
    int memoryMiB,
    HugePages hugePages,
    int vcpus,
    List<String> kernelParameters,
    int startTimeoutSeconds,
    RootfsMode rootfs,
    int diskMiB,
    UserNetwork userNetwork,
    Set<Permission> allow,
    Path file) {
  /** The smallest disk, in MiB. */
  public static final int DISK_MIB_MIN = 64;

  /** The largest disk, in MiB: 4 TiB. */
  public static final int DISK_MIB_MAX = 1 << 22;

  private static final Path DEFAULT_FILE = Path.of("/etc/limpid/limpid.json");

  /** Makes the collections immutable. */
  public LimpidConfiguration {
    kernelParameters = List.copyOf(kernelParameters);
    allow = Set.copyOf(allow);
  }

  /** What holds where the file says nothing. */
  public static LimpidConfiguration defaults(Path home) {
    return new LimpidConfiguration(
        home.resolve("qemu-lite"),
        Path.of("/usr/lib/qemu/virtiofsd"),
        Path.of("/usr/bin/passt"),
        home.resolve("limpid-shim"),
        home.resolve("vmlinux"),
        home.resolve("mini-os.erofs"),
        Path.of("/var/lib/limpid/layers"),
        0,
        TemplateUse.AUTO,
        Path.of("/run/limpid-templates"),
        "auto",
        512,
        HugePages.NEVER,
        1,
        List.of(),
        60,
        RootfsMode.AUTO,
        10 << 10,
        UserNetwork.REFUSE,
        Set.of(),
        DEFAULT_FILE);
  }

  /**
   * Reads the file that {@code LIMPID_CONFIG} names, or else /etc/limpid/limpid.json; a file of
   * that default name need not exist.
   *
   * @param environment the caller's environment
   * @param home the folder of Limpid's own files
   * @throws ConfigurationException naming the file and the key
   */
  public static LimpidConfiguration load(Map<String, String> environment, Path home) {
    String named = environment.getOrDefault("LIMPID_CONFIG", "");
    Path file = named.isEmpty() ? DEFAULT_FILE : Path.of(named);
    try {
      return parse(
          JsonCursor.root(file.toString(), new JsonReader(file.toString()).read(file)), file, home);
    } catch (NoSuchFileException absent) {
      if (named.isEmpty()) {
        return defaults(home);
      }
      throw new ConfigurationException("LIMPID_CONFIG: " + named + " does not exist", absent);
    } catch (IOException failed) {
      throw new ConfigurationException(file + ": " + failed.getMessage(), failed);
    } catch (dev.limpid.oci.json.DocumentException wrong) {
      throw new ConfigurationException(wrong.getMessage(), wrong);
    }
  }

  private static LimpidConfiguration parse(JsonCursor json, Path file, Path home) {
    LimpidConfiguration c = defaults(home);
    Path hypervisor = c.hypervisor;
    Path virtiofsd = c.virtiofsd;
    Path passt = c.passt;
    Path shim = c.shim;
    Path kernel = c.kernel;
    Path image = c.image;
    Path layers = c.layers;
    int layersMaxMiB = c.layersMaxMiB;
    TemplateUse template = c.template;
    Path templates = c.templates;
    String accelerator = c.accelerator;
    int memoryMiB = c.memoryMiB;
    HugePages hugePages = c.hugePages;
    int vcpus = c.vcpus;
    List<String> kernelParameters = c.kernelParameters;
    int startTimeoutSeconds = c.startTimeoutSeconds;
    RootfsMode rootfs = c.rootfs;
    int diskMiB = c.diskMiB;
    UserNetwork userNetwork = c.userNetwork;
    Set<Permission> allow = c.allow;
    for (JsonCursor member : json.members()) {
      switch (member.key()) {
        case "hypervisor" -> hypervisor = path(member);
        case "virtiofsd" -> virtiofsd = path(member);
        case "passt" -> passt = path(member);
        case "shim" -> shim = path(member);
        case "kernel" -> kernel = path(member);
        case "image" -> image = path(member);
        case "layers" -> layers = path(member);
        case "layersMaxMiB" -> layersMaxMiB = (int) member.asInteger(0, 1 << 30);
        case "template" -> template = TemplateUse.of(member);
        case "templates" -> templates = path(member);
        case "accelerator" -> accelerator = accelerator(member);
        case "memoryMiB" -> memoryMiB = (int) member.asInteger(128, 1 << 20);
        case "hugepages" -> hugePages = HugePages.of(member);
        case "vcpus" -> vcpus = (int) member.asInteger(1, 256);
        case "kernelParameters" -> kernelParameters = KernelParameter.all(member);
        case "startTimeoutSeconds" -> startTimeoutSeconds = (int) member.asInteger(1, 3600);
        case "rootfs" -> rootfs = RootfsMode.of(member);
        case "diskMiB" -> diskMiB = (int) member.asInteger(DISK_MIB_MIN, DISK_MIB_MAX);
        case "userNetwork" -> userNetwork = UserNetwork.of(member);
        case "allow" -> allow = permissions(member);
        default ->
            throw member.invalid(
                "is not a key of this file; see docs/configuration.md for those there are");
      }
    }
    return new LimpidConfiguration(
        hypervisor,
        virtiofsd,
        passt,
        shim,
        kernel,
        image,
        layers,
        layersMaxMiB,
        template,
        templates,
        accelerator,
        memoryMiB,
        hugePages,
        vcpus,
        kernelParameters,
        startTimeoutSeconds,
        rootfs,
        diskMiB,
        userNetwork,
        allow,
        file);
  }

  /**
   * Refuses what config.json may not choose.
   *
   * @param field what config.json says
   * @throws dev.limpid.oci.json.InvalidSpecException unless it is allowed, telling how to
   */
  public void require(Permission permission, JsonCursor field) {
    if (!allow.contains(permission)) {
      throw field.invalid(
          "is not allowed: add \"" + permission.word() + "\" to \"allow\" in " + file);
    }
  }

  private static Path path(JsonCursor member) {
    String text = member.asString();
    try {
      Path path = Path.of(text);
      if (path.isAbsolute()) {
        return path;
      }
    } catch (InvalidPathException noPath) {
      // Neither is this one.
    }
    throw member.invalid("must be an absolute path");
  }

  private static String accelerator(JsonCursor member) {
    String text = member.asString();
    return switch (text) {
      case "auto", "kvm", "tcg" -> text;
      default -> throw member.invalid("must be auto, kvm or tcg");
    };
  }

  private static Set<Permission> permissions(JsonCursor member) {
    Set<Permission> permissions = EnumSet.noneOf(Permission.class);
    for (JsonCursor name : member.elements()) {
      permissions.add(Permission.of(name));
    }
    return Collections.unmodifiableSet(permissions);
  }
}
