package dev.limpid.vm.rootfs;

import dev.limpid.proto.GuestMount;
import dev.limpid.proto.MountFlag;
import dev.limpid.vm.device.Device;
import dev.limpid.vm.device.PciAddress;
import dev.limpid.vm.device.PmemDisk;
import dev.limpid.vm.layer.Layer;
import dev.limpid.vm.mountinfo.OverlayMount;
import dev.limpid.vm.shim.ShimPlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * An overlay: its lower directories as EROFS images on persistent memory, its upper directory the
 * host's own, so that the engine finds there what the container has written.
 */
public final class LayeredRootfs implements Rootfs {
  private static final String NAME = "overlay";

  /**
   * Beside the upper directory, so that files can be renamed between the two. The host's own work
   * directory can't be used: mounting empties it, and the host's overlay still needs it.
   */
  private static final String WORK_PREFIX = ".limpid-work-";

  private static final int NAME_MAX = 255;

  private static final Path GUEST_LAYERS = Path.of("/run/limpid/layers");

  private final List<Layer> layers;
  private final Optional<Path> upper;
  private final String work;
  private final String options;

  /**
   * A root filesystem of layers.
   *
   * @param layers the images of the overlay's lower directories, in the same order; at most {@link
   *     PciAddress#LAYERS_MAX}
   * @param overlay the host's overlay
   * @param container the container's id, which no other container of the host's has at this time
   */
  public LayeredRootfs(List<Layer> layers, OverlayMount overlay, String container) {
    if (layers.size() != overlay.lowers().size() || layers.size() > PciAddress.LAYERS_MAX) {
      throw new IllegalArgumentException(layers.size() + " layers");
    }
    this.layers = List.copyOf(layers);
    upper = overlay.upper();
    work = workName(container);
    options = overlay.options();
  }

  /** The longest ids leave no room for the prefix. */
  private static String workName(String container) {
    String name = WORK_PREFIX + container;
    return name.length() <= NAME_MAX
        ? name
        : WORK_PREFIX + UUID.nameUUIDFromBytes(container.getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public List<Path> releases() {
    return upper.isPresent() ? List.of(upper.get().resolveSibling(work)) : List.of();
  }

  @Override
  public void make() throws IOException {
    if (upper.isEmpty()) {
      return;
    }
    Files.createDirectory(
        upper.get().resolveSibling(work),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  @Override
  public void share(ShimPlan plan) {
    if (upper.isPresent()) {
      plan.upper(upper.get().getParent(), upper.get().getFileName().toString(), work, NAME);
    }
  }

  @Override
  public List<Device> devices() {
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      devices.add(new PmemDisk("layer" + i, layer.image(), layer.bytes(), PciAddress.ofLayer(i)));
    }
    return devices;
  }

  @Override
  public List<GuestMount> mounts() {
    List<GuestMount> mounts = new ArrayList<>();
    StringBuilder lowers = new StringBuilder();
    for (int i = 0; i < layers.size(); i++) {
      String target = GUEST_LAYERS.resolve(Integer.toString(i)).toString();
      mounts.add(
          new GuestMount(
              "erofs",
              "layer:" + layers.get(i).uuid(),
              target,
              EnumSet.of(MountFlag.RO),
              "dax=always"));
      lowers.append(i == 0 ? "" : ":").append(target);
    }
    mounts.add(overlay(lowers.toString()));
    return mounts;
  }

  private GuestMount overlay(String lowers) {
    String data = "lowerdir=" + lowers;
    Set<MountFlag> flags = EnumSet.noneOf(MountFlag.class);
    if (upper.isPresent()) {
      Path shared = GUEST_SHARE.resolve(NAME);
      data +=
          ",upperdir="
              + shared.resolve(escape(upper.get().getFileName().toString()))
              + ",workdir="
              + shared.resolve(work);
    } else {
      flags.add(MountFlag.RO);
    }
    return new GuestMount("overlay", "overlay", GUEST_PATH.toString(), flags, data + "," + options);
  }

  /** In an overlay's options a backslash makes a separator part of a name. */
  private static String escape(String name) {
    return name.replace("\\", "\\\\").replace(",", "\\,").replace(":", "\\:");
  }
}
