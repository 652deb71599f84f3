package dev.limpid.vm.rootfs;

import dev.limpid.proto.GuestMount;
import dev.limpid.proto.GuestUpper;
import dev.limpid.vm.device.Device;
import dev.limpid.vm.shim.ShimPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** How a container's root filesystem gets into its VM. */
public sealed interface Rootfs permits EphemeralRootfs, LayeredRootfs, SharedRootfs {
  /** Where the guest has the root filesystem, whichever way it came. */
  Path GUEST_PATH = GuestPlace.ALONE.rootfs();

  /** Where the guest has the folder that it shares with the host. */
  Path GUEST_SHARE = GuestPlace.ALONE.share();

  /** Folders of the host that {@link #make} makes, and that must be removed with the container. */
  default List<Path> releases() {
    return List.of();
  }

  /**
   * The disk that {@link #make} makes, and that the VM gets as a {@link
   * dev.limpid.vm.device.FileDisk}, if what the container writes is on one.
   */
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

  /**
   * Whether what the guest writes gets to the host's overlay without passing through its mount, so
   * that the host's kernel has to be told to look again.
   */
  default boolean bypassesMount() {
    return false;
  }

  /** What the VM needs plugged in for it. */
  default List<Device> devices() {
    return List.of();
  }

  /** What the guest has to mount, once it has mounted the shared folder. */
  List<GuestMount> mounts();

  /** What the guest fills an upper layer with that is on a file system of its own. */
  Optional<GuestUpper> filling();
}
