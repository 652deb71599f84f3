package dev.limpid.engine.guest;

import dev.limpid.engine.Journal;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonWriter;
import dev.limpid.proto.ContainerSettings;
import dev.limpid.proto.DiskNumbers;
import dev.limpid.proto.GuestMount;
import dev.limpid.vm.mountinfo.MountTable;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The config.json that crun gets in the guest, made from the bundle's: what names something of the
 * host is replaced or left out, everything else passes untouched, fields that Limpid has never
 * heard of included.
 *
 * @param document the guest's config.json, but for the numbers of disks
 * @param devices its devices, and who may use them
 * @param sources what the guest must be given of the host
 * @param sockets of the host, that it can connect to
 * @param sharedMemory the file system for {@code /dev/shm} that the guest has to mount for it
 * @param network the host's network namespace to join; empty: one is made
 * @param settings what the agent has to do itself
 */
public record GuestConfig(
    JsonObject document,
    DeviceTranslation devices,
    List<SharedSource> sources,
    List<HostSocket> sockets,
    Optional<GuestMount> sharedMemory,
    Optional<Path> network,
    ContainerSettings settings) {
  /**
   * What the guest's crun calls itself. It refuses a document of a later version even if it knows
   * everything in it.
   */
  private static final String CRUN_VERSION = "1.0.2";

  private static final HostNames HOST_NAMES = new HostNames(Path.of("/proc/sys/kernel"));

  /** Makes the lists immutable. */
  public GuestConfig {
    sources = List.copyOf(sources);
    sockets = List.copyOf(sockets);
  }

  /**
   * Translates a config.json.
   *
   * @param config the bundle's, validated
   * @param bundle the bundle
   * @param rootfs the root filesystem on the host; absolute, without symbolic links
   * @param around what is in the guest already, and where it has what is the container's own
   * @param hostMounts the host's mounts
   * @param journal told what was left out
   * @throws dev.limpid.oci.json.InvalidSpecException for what can't be had in a VM, naming the
   *     field
   */
  public static GuestConfig translate(
      JsonObject config,
      Path bundle,
      Path rootfs,
      Surroundings around,
      MountTable hostMounts,
      Journal journal) {
    JsonCursor cursor = JsonCursor.root("config.json", config);
    UnsupportedFields.refuse(cursor);
    MountTranslation.Result mounts =
        new MountTranslation(bundle, rootfs, around, hostMounts).translate(cursor);
    JsonCursor linux = cursor.required("linux");
    linux.optional("resources").ifPresent(UnsupportedResources::refuse);
    DeviceTranslation devices = DeviceTranslation.of(linux, BlockDevices.ofHost(), journal);
    SeccompRestriction.check(linux);
    NamespaceTranslation.Result namespaces = NamespaceTranslation.translate(linux, around, journal);
    SysctlTranslation.Result sysctls =
        SysctlTranslation.translate(linux, cursor.required("process"));

    JsonObject guestLinux =
        GuestResources.ofLinux(SecurityLabelTranslation.linux(linux.asObject(), journal), journal)
            .with("namespaces", namespaces.namespaces())
            .with("sysctl", sysctls.container())
            .without("timeOffsets")
            .with("cgroupsPath", new JsonString(around.place().cgroup()));
    JsonCursor process = cursor.required("process");
    JsonObject guestProcess =
        SchedulingTranslation.withoutScheduling(
            SecurityLabelTranslation.process(process.asObject(), journal));
    JsonObject root =
        cursor.required("root").asObject().with("path", around.place().rootfs().toString());
    JsonObject guest =
        config
            .with("ociVersion", CRUN_VERSION)
            .with("process", guestProcess)
            .with("root", root)
            .with("mounts", mounts.mounts())
            .with("linux", guestLinux)
            .with("annotations", AnnotationTranslation.translate(cursor, journal))
            .without("vm");
    guest = HOST_NAMES.addTo(cursor, guest);
    Optional<JsonObject> hooks = HookTranslation.translate(cursor);
    guest = hooks.isPresent() ? guest.with("hooks", hooks.get()) : guest.without("hooks");
    return new GuestConfig(
        guest,
        devices,
        mounts.sources(),
        mounts.sockets(),
        mounts.sharedMemory(),
        namespaces.network(),
        new ContainerSettings(
            sysctls.guest(),
            mounts.attributes(),
            TimeTranslation.translate(linux),
            SchedulingTranslation.of(process),
            mounts.socketPlaces()));
  }

  /** The devices of the host that the VM gets as disks. */
  public List<HostBlockDevice> disks() {
    return devices.disks();
  }

  /** Whether the container has a network namespace of its own in the guest, not the VM's. */
  public boolean ownNetwork() {
    JsonCursor linux = JsonCursor.root("config.json", document).required("linux");
    for (JsonCursor namespace : linux.optionalElements("namespaces")) {
      if (namespace.requiredString("type").equals("network")) {
        return namespace.optional("path").isEmpty();
      }
    }
    return false;
  }

  /**
   * The text for crun.
   *
   * @param numbers by which the guest's kernel knows {@link #disks()}, in the same order
   */
  public String text(List<DiskNumbers> numbers) {
    JsonObject linux = (JsonObject) document.get("linux").orElseThrow();
    return JsonWriter.compact().write(document.with("linux", devices.apply(linux, numbers)));
  }
}
