package dev.limpid.vm.rootfs;

import dev.limpid.proto.GuestMount;
import dev.limpid.proto.GuestUpper;
import dev.limpid.vm.shim.ShimPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Where the upper layer of a guest's overlay lies: what a container writes. */
public sealed interface UpperLayer permits DiskUpper, HostUpper, MemoryUpper {
  /** The folder in the shared one that holds what the host has of it. */
  String NAME = "overlay";

  /** Where the guest mounts a file system of its own for it. */
  Path GUEST_FILE_SYSTEM = GuestPlace.ALONE.directory().resolve("upper");

  /** Folders of the host that {@link #make} makes, and that must be removed with the container. */
  default List<Path> releases() {
    return List.of();
  }

  /** The disk that {@link #make} makes, if it is on one. */
  default Optional<UpperDisk> disk() {
    return Optional.empty();
  }

  /**
   * Makes what is needed on the host.
   *
   * @throws IOException naming what can't be made
   */
  void make() throws IOException;

  /** Tells the shim what the shared folder must hold for it. */
  void share(ShimPlan plan);

  /** Whether what is written gets into the host's upper directory, sooner or later. */
  boolean reachesHost();

  /** What the guest has to mount before the overlay. */
  List<GuestMount> mounts();

  /** What fills it in the guest, if it is not the host's own directory. */
  Optional<GuestUpper> filling();

  /** The overlay's options that name its upper and work directory in the guest. */
  String options();

  /** In an overlay's options a backslash makes a separator part of a name. */
  static String escape(String name) {
    return name.replace("\\", "\\\\").replace(",", "\\,").replace(":", "\\:");
  }

  /** The options for an upper layer in {@link #GUEST_FILE_SYSTEM}, where the agent makes both. */
  static String ownOptions() {
    return "upperdir="
        + GUEST_FILE_SYSTEM.resolve("upper")
        + ",workdir="
        + GUEST_FILE_SYSTEM.resolve("work");
  }
}
