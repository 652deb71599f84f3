package dev.limpid.engine.rootfs;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.Journal;
import dev.limpid.oci.ContainerId;
import dev.limpid.vm.device.PciAddress;
import dev.limpid.vm.layer.Layer;
import dev.limpid.vm.layer.LayerStore;
import dev.limpid.vm.mountinfo.HostMount;
import dev.limpid.vm.mountinfo.MountTable;
import dev.limpid.vm.mountinfo.OverlayMount;
import dev.limpid.vm.mountinfo.UnusableOverlayException;
import dev.limpid.vm.rootfs.LayeredRootfs;
import dev.limpid.vm.rootfs.Rootfs;
import dev.limpid.vm.rootfs.SharedRootfs;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An overlay's layers go by DAX; everything else, and what can't go that way, is shared live. */
public final class RootfsChoice {
  private final LayerStore layers;
  private final Journal journal;
  private final Landlock landlock;

  /**
   * Choices for one host.
   *
   * @param layers where images of layers are kept
   * @param landlock whether the host's kernel has it
   * @param journal told why an overlay is not taken apart
   */
  public RootfsChoice(LayerStore layers, Landlock landlock, Journal journal) {
    this.layers = layers;
    this.landlock = landlock;
    this.journal = journal;
  }

  /**
   * Chooses, and makes the images that are missing.
   *
   * @param directory the root filesystem on the host; absolute, without symbolic links
   * @param mounts the host's mounts
   * @param id the container's id
   * @param container the container's own folder
   * @param mode how
   * @throws EngineException if the image of a layer can't be made, or that way is barred
   */
  public Rootfs choose(
      Path directory, MountTable mounts, ContainerId id, Path container, RootfsMode mode) {
    if (mode == RootfsMode.SHARED) {
      return new SharedRootfs(directory);
    }
    Optional<OverlayMount> overlay = overlay(directory, mounts, mode);
    if (overlay.isEmpty()) {
      return new SharedRootfs(directory);
    }
    List<Layer> images = new ArrayList<>();
    for (Path lower : overlay.get().lowers()) {
      try {
        images.add(layers.layer(lower, container));
      } catch (FileSystemException failed) {
        throw new EngineException(
            "root.path: " + directory + ": layer " + lower + ": " + failed, failed);
      } catch (IOException failed) {
        throw new EngineException(
            "root.path: " + directory + ": layer " + failed.getMessage(), failed);
      }
    }
    return new LayeredRootfs(images, overlay.get(), id.value());
  }

  private Optional<OverlayMount> overlay(Path directory, MountTable mounts, RootfsMode mode) {
    Optional<HostMount> mount = mounts.at(directory);
    if (mount.isEmpty() || !mount.get().type().equals("overlay")) {
      if (mode == RootfsMode.DAX) {
        throw barred(directory, "it is no overlay, and only the layers of one never change");
      }
      return Optional.empty();
    }
    try {
      OverlayMount overlay = OverlayMount.of(mount.get());
      Optional<String> obstacle = obstacle(directory, mounts, mount.get(), overlay);
      if (obstacle.isEmpty()) {
        return Optional.of(overlay);
      }
      shareInstead(directory, obstacle.get(), mode);
    } catch (UnusableOverlayException unusable) {
      shareInstead(directory, unusable.getMessage(), mode);
    } catch (IOException failed) {
      shareInstead(directory, failed.toString(), mode);
    }
    return Optional.empty();
  }

  /** Why the layers of an overlay are not what is to be seen at its mount point. */
  private Optional<String> obstacle(
      Path directory, MountTable mounts, HostMount mount, OverlayMount overlay) throws IOException {
    if (!mount.root().equals(Path.of("/")) || !mount.isSeenAt(directory)) {
      return Optional.of("only a part of it is mounted there");
    }
    if (mounts.hasBelow(directory)) {
      return Optional.of("something else is mounted below it");
    }
    if (overlay.lowers().size() > PciAddress.LAYERS_MAX) {
      return Optional.of("it has more than " + PciAddress.LAYERS_MAX + " layers");
    }
    if (overlay.upper().isPresent() && !landlock.isAvailable()) {
      return Optional.of("the host's kernel has no Landlock, which guards its upper directory");
    }
    return Optional.empty();
  }

  private void shareInstead(Path directory, String reason, RootfsMode mode) {
    if (mode == RootfsMode.DAX) {
      throw barred(directory, reason);
    }
    journal.warn(
        "root.path: "
            + directory
            + ": the layers of this overlay can't be used directly, it is shared as a whole: "
            + reason);
  }

  private static EngineException barred(Path directory, String reason) {
    return new EngineException(
        "config.json: annotations[\"dev.limpid.rootfs\"]: dax: not possible for "
            + directory
            + ": "
            + reason);
  }
}
