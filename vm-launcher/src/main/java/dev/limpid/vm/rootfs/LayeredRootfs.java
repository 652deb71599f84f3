package dev.limpid.vm.rootfs;

import dev.limpid.proto.GuestMount;
import dev.limpid.proto.GuestUpper;
import dev.limpid.proto.MountFlag;
import dev.limpid.vm.device.Device;
import dev.limpid.vm.device.PciAddress;
import dev.limpid.vm.device.PmemDisk;
import dev.limpid.vm.layer.Layer;
import dev.limpid.vm.mountinfo.OverlayMount;
import dev.limpid.vm.shim.ShimPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An overlay: its lower directories as EROFS images on persistent memory, and an upper layer for
 * what is written.
 */
public final class LayeredRootfs implements Rootfs {
  /**
   * One device and lasting numbers for the files of all layers, the same in a directory as of the
   * file: as the host's overlay gives them that has all layers on one file system.
   */
  private static final String FILE_NUMBERS = "xino=on";

  private static final Path GUEST_LAYERS = Path.of("/run/limpid/layers");

  private final List<Layer> layers;
  private final Optional<UpperLayer> upper;
  private final String options;

  /**
   * A root filesystem of layers.
   *
   * @param layers the images of the overlay's lower directories, in the same order, of which the
   *     last may stand for several; at most {@link PciAddress#LAYERS_MAX}
   * @param overlay the host's overlay
   * @param upper where what is written goes; empty: nothing can be written
   */
  public LayeredRootfs(List<Layer> layers, OverlayMount overlay, Optional<UpperLayer> upper) {
    if (layers.isEmpty()
        || layers.size() > overlay.lowers().size()
        || layers.size() > PciAddress.LAYERS_MAX) {
      throw new IllegalArgumentException(layers.size() + " layers");
    }
    this.layers = List.copyOf(layers);
    this.upper = upper;
    options = overlay.options();
  }

  /**
   * Where the guest has a layer.
   *
   * @param index its place in the overlay's order, 0 being the uppermost
   */
  public static Path guestLayer(int index) {
    return GUEST_LAYERS.resolve(Integer.toString(index));
  }

  @Override
  public List<Path> releases() {
    return upper.isPresent() ? upper.get().releases() : List.of();
  }

  @Override
  public Optional<UpperDisk> disk() {
    return upper.isPresent() ? upper.get().disk() : Optional.empty();
  }

  @Override
  public void make() throws IOException {
    if (upper.isPresent()) {
      upper.get().make();
    }
  }

  @Override
  public void share(ShimPlan plan) {
    if (upper.isPresent()) {
      upper.get().share(plan);
    }
  }

  @Override
  public boolean bypassesMount() {
    return upper.isPresent() && upper.get().reachesHost();
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
      String target = guestLayer(i).toString();
      mounts.add(
          new GuestMount(
              "erofs",
              "layer:" + layers.get(i).uuid(),
              target,
              EnumSet.of(MountFlag.RO),
              "dax=always"));
      lowers.append(i == 0 ? "" : ":").append(target);
    }
    if (layers.size() == 1 && upper.isEmpty()) {
      // The kernel takes no overlay of one layer.
      mounts.add(GuestMount.bind(guestLayer(0).toString(), GUEST_PATH.toString(), MountFlag.RO));
      return mounts;
    }
    if (upper.isPresent()) {
      mounts.addAll(upper.get().mounts());
    }
    mounts.add(overlay(lowers.toString()));
    return mounts;
  }

  @Override
  public Optional<GuestUpper> filling() {
    return upper.isPresent() ? upper.get().filling() : Optional.empty();
  }

  private GuestMount overlay(String lowers) {
    String data = "lowerdir=" + lowers;
    Set<MountFlag> flags = EnumSet.noneOf(MountFlag.class);
    if (upper.isPresent()) {
      data += "," + upper.get().options();
    } else {
      flags.add(MountFlag.RO);
    }
    return new GuestMount(
        "overlay",
        "overlay",
        GUEST_PATH.toString(),
        flags,
        data + "," + FILE_NUMBERS + "," + options);
  }
}
