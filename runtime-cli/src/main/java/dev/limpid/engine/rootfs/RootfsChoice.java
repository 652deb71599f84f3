package dev.limpid.engine.rootfs;

import dev.limpid.config.RootfsMode;
import dev.limpid.engine.EngineException;
import dev.limpid.engine.Journal;
import dev.limpid.oci.ContainerId;
import dev.limpid.vm.layer.Layer;
import dev.limpid.vm.layer.LayerIdentity;
import dev.limpid.vm.layer.LayerStore;
import dev.limpid.vm.layer.RefusedLayerException;
import dev.limpid.vm.mountinfo.HostMount;
import dev.limpid.vm.mountinfo.MountTable;
import dev.limpid.vm.mountinfo.OverlayMount;
import dev.limpid.vm.mountinfo.UnusableOverlayException;
import dev.limpid.vm.rootfs.DiskUpper;
import dev.limpid.vm.rootfs.EphemeralRootfs;
import dev.limpid.vm.rootfs.HostUpper;
import dev.limpid.vm.rootfs.LayeredRootfs;
import dev.limpid.vm.rootfs.MemoryUpper;
import dev.limpid.vm.rootfs.Rootfs;
import dev.limpid.vm.rootfs.SharedRootfs;
import dev.limpid.vm.rootfs.UpperDisk;
import dev.limpid.vm.rootfs.UpperLayer;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * By which way a root filesystem goes. One that is asked for by an annotation and is not possible
 * makes {@code create} fail; in the place of one that the configuration asks for comes what {@code
 * auto} would choose.
 */
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
   * @param request how
   * @throws EngineException if the image of a layer can't be made, or that way is barred
   */
  public Rootfs choose(
      Path directory, MountTable mounts, ContainerId id, Path container, RootfsRequest request) {
    if (request.mode() == RootfsMode.SHARED) {
      return shared(directory, mounts);
    }
    Optional<HostMount> mount = overlayMount(directory, mounts);
    if (mount.isEmpty()) {
      return plain(directory, mounts, container, request);
    }
    Optional<OverlayMount> overlay = overlay(directory, mounts, mount.get(), request);
    if (overlay.isEmpty()) {
      return shared(directory, mounts);
    }
    Optional<List<Layer>> images = images(directory, overlay.get(), container, request);
    if (images.isEmpty()) {
      return shared(directory, mounts);
    }
    Optional<UpperLayer> upper = upper(directory, overlay.get(), id, container, request);
    return new LayeredRootfs(images.get(), overlay.get(), upper);
  }

  /** In a VM that runs already: all that it gets is one folder. */
  public Rootfs inRunningVm(Path directory, MountTable mounts, RootfsRequest request) {
    if (request.mode() != RootfsMode.AUTO && request.mode() != RootfsMode.SHARED) {
      instead(directory, "the container joins a virtual machine that runs already", request);
    }
    return shared(directory, mounts);
  }

  /** The overlay as a whole, unless its upper directory is not what counts. */
  private static Rootfs shared(Path directory, MountTable mounts) {
    Optional<HostMount> mount = overlayMount(directory, mounts);
    if (mount.isPresent()) {
      refuseForgottenDisk(directory, mount.get());
    }
    return new SharedRootfs(directory);
  }

  private static Optional<HostMount> overlayMount(Path directory, MountTable mounts) {
    Optional<HostMount> mount = mounts.at(directory);
    return mount.isPresent() && mount.get().type().equals("overlay") ? mount : Optional.empty();
  }

  /** Empty: a layer can't be carried, and the whole is to be shared. */
  private Optional<List<Layer>> images(
      Path directory, OverlayMount overlay, Path container, RootfsRequest request) {
    try {
      return Optional.of(layers.images(overlay.lowers(), overlay.options(), container));
    } catch (RefusedLayerException refused) {
      shareInstead(directory, refused.getMessage(), request);
      return Optional.empty();
    } catch (FileSystemException failed) {
      throw new EngineException("root.path: " + directory + ": layer " + failed, failed);
    } catch (IOException failed) {
      throw new EngineException(
          "root.path: " + directory + ": layer " + failed.getMessage(), failed);
    }
  }

  /** What is no overlay: a directory, whatever file system it is the top of. */
  private Rootfs plain(Path directory, MountTable mounts, Path container, RootfsRequest request) {
    if (request.mode() == RootfsMode.AUTO) {
      return new SharedRootfs(directory);
    }
    Optional<String> obstacle =
        mounts.hasBelow(directory)
            ? Optional.of("something else is mounted below it")
            : plainObstacle(request);
    if (obstacle.isPresent()) {
      instead(directory, obstacle.get(), request);
      return new SharedRootfs(directory);
    }
    if (request.mode() == RootfsMode.TMPFS) {
      return new EphemeralRootfs(directory);
    }
    OverlayMount single = new OverlayMount(List.of(directory), Optional.empty(), "");
    return images(directory, single, container, request)
        .<Rootfs>map(images -> new LayeredRootfs(images, single, Optional.empty()))
        .orElseGet(() -> new SharedRootfs(directory));
  }

  private static Optional<String> plainObstacle(RootfsRequest request) {
    return switch (request.mode()) {
      case DISK ->
          Optional.of(
              "it is no overlay, and only its upper directory can what was written be brought back"
                  + " to");
      case LAYERS ->
          // Only who has asked for it knows that nobody else changes the directory meanwhile.
          request.readOnly() && request.required()
              ? Optional.empty()
              : Optional.of(
                  "it is no overlay, and only the layers of one, or what is read-only"
                      + " (root.readonly), never change");
      case AUTO, SHARED, TMPFS -> Optional.empty();
    };
  }

  private Optional<UpperLayer> upper(
      Path directory, OverlayMount overlay, ContainerId id, Path container, RootfsRequest request) {
    if (request.mode() == RootfsMode.DISK && overlay.upper().isPresent()) {
      UpperDisk disk = UpperDisk.of(overlay.upper().get());
      if (disk.reused()) {
        journal.warn(
            "root.path: "
                + directory
                + ": its upper directory is not up to date: the container goes on with what it had"
                + " written to "
                + disk.file());
      }
      return Optional.of(new DiskUpper(overlay.upper().get(), disk, container, request.diskMiB()));
    }
    if (overlay.upper().isPresent()) {
      refuseForgottenDisk(directory, overlay.upper().get());
    }
    Optional<String> obstacle = upperObstacle(overlay, request);
    if (obstacle.isPresent()) {
      instead(directory, obstacle.get(), request);
    } else if (request.mode() == RootfsMode.TMPFS) {
      return Optional.of(new MemoryUpper(overlay.upper(), LayeredRootfs.guestLayer(0)));
    }
    return overlay.upper().isPresent()
        ? Optional.of(new HostUpper(overlay.upper().get(), id.value()))
        : Optional.empty();
  }

  /** What is on a disk counts, and only the way that knows disks finds it. */
  private static void refuseForgottenDisk(Path directory, Path upper) {
    UpperDisk disk = UpperDisk.of(upper);
    if (disk.reused()) {
      throw new EngineException(
          "root.path: "
              + directory
              + ": what its container has written is still on "
              + disk.file()
              + ": let it be brought back by running it with the rootfs `disk` once more, or remove"
              + " that file");
    }
  }

  private static void refuseForgottenDisk(Path directory, HostMount mount) {
    try {
      Optional<Path> upper = OverlayMount.of(mount).upper();
      if (upper.isPresent()) {
        refuseForgottenDisk(directory, upper.get());
      }
    } catch (UnusableOverlayException unknown) {
      // No disk has been beside a directory that can't be found.
    }
  }

  private static Optional<String> upperObstacle(OverlayMount overlay, RootfsRequest request) {
    if (request.mode() == RootfsMode.DISK) {
      return Optional.of("it has no upper directory, so nothing can be written");
    }
    boolean kept = overlay.upper().isPresent() && LayerIdentity.isOfAnEngine(overlay.upper().get());
    if (request.mode() == RootfsMode.TMPFS && kept && !request.ofPod()) {
      return Optional.of(
          "its upper directory is an engine's, which expects to find there what the container has"
              + " written; only a container of a pod may lose it");
    }
    return Optional.empty();
  }

  private Optional<OverlayMount> overlay(
      Path directory, MountTable mounts, HostMount mount, RootfsRequest request) {
    try {
      OverlayMount overlay = OverlayMount.of(mount);
      Optional<String> obstacle = obstacle(directory, mounts, mount, overlay);
      if (obstacle.isEmpty()) {
        return Optional.of(overlay);
      }
      shareInstead(directory, obstacle.get(), request);
    } catch (UnusableOverlayException unusable) {
      shareInstead(directory, unusable.getMessage(), request);
    } catch (IOException failed) {
      shareInstead(directory, failed.toString(), request);
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
    if (overlay.upper().isPresent() && !landlock.isAvailable()) {
      return Optional.of("the host's kernel has no Landlock, which guards its upper directory");
    }
    return Optional.empty();
  }

  private void shareInstead(Path directory, String reason, RootfsRequest request) {
    refuseIfRequired(directory, reason, request);
    journal.warn(
        "root.path: "
            + directory
            + ": the layers of this overlay can't be used directly, it is shared as a whole: "
            + reason);
  }

  private void instead(Path directory, String reason, RootfsRequest request) {
    refuseIfRequired(directory, reason, request);
    journal.warn(
        "root.path: "
            + directory
            + ": "
            + request.mode().word()
            + ", which is configured, is not possible: "
            + reason);
  }

  private static void refuseIfRequired(Path directory, String reason, RootfsRequest request) {
    if (request.required() && request.mode() != RootfsMode.AUTO) {
      throw barred(directory, request, reason);
    }
  }

  private static EngineException barred(Path directory, RootfsRequest request, String reason) {
    return new EngineException(
        "config.json: annotations[\""
            + RootfsRequest.ANNOTATION
            + "\"]: "
            + request.mode().word()
            + ": not possible for "
            + directory
            + ": "
            + reason);
  }
}
