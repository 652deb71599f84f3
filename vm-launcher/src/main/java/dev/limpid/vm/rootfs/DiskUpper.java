package dev.limpid.vm.rootfs;

import dev.limpid.proto.GuestMount;
import dev.limpid.proto.GuestUpper;
import dev.limpid.proto.MountFlag;
import dev.limpid.vm.device.FileDisk;
import dev.limpid.vm.shim.ShimPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/**
 * A file system of the guest's own, on a disk that is a sparse file of the host. What the host's
 * upper directory has is filled in at the start, and all is brought back there when the container
 * is paused and when it has ended.
 */
public final class DiskUpper implements UpperLayer {
  private final Path upper;
  private final UpperDisk disk;
  private final Path container;
  private final int mebibytes;

  /**
   * An upper layer on a disk.
   *
   * @param upper the host's upper directory; absolute, without symbolic links
   * @param disk its disk
   * @param container the directory of the container whose it becomes
   * @param mebibytes how large the file system is, if it is made now
   */
  public DiskUpper(Path upper, UpperDisk disk, Path container, int mebibytes) {
    this.upper = upper;
    this.disk = disk;
    this.container = container;
    this.mebibytes = mebibytes;
  }

  @Override
  public Optional<UpperDisk> disk() {
    return Optional.of(disk);
  }

  /** The folder may be there: with the disk of a former run, or from a container that had none. */
  @Override
  public void make() throws IOException {
    if (!Files.isDirectory(disk.aside(), LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(
          disk.aside(),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    disk.claim(container);
    if (!disk.reused()) {
      FileSystemImage.make(disk.file(), mebibytes);
    }
  }

  @Override
  public void share(ShimPlan plan) {
    plan.upper(
        upper.getParent(),
        upper.getFileName().toString(),
        disk.aside().getFileName().toString(),
        NAME);
    plan.file(disk.file());
  }

  @Override
  public boolean reachesHost() {
    return true;
  }

  @Override
  public List<GuestMount> mounts() {
    return List.of(
        new GuestMount(
            "ext4",
            "disk:" + FileDisk.SERIAL,
            GUEST_FILE_SYSTEM.toString(),
            EnumSet.noneOf(MountFlag.class),
            // The file is sparse: what was never written is zero already, and what is given up
            // becomes a hole.
            "noinit_itable,discard"));
  }

  @Override
  public Optional<GuestUpper> filling() {
    Path shared = Rootfs.GUEST_SHARE.resolve(NAME);
    return Optional.of(
        new GuestUpper(
            GUEST_FILE_SYSTEM.toString(),
            shared.resolve(upper.getFileName()).toString(),
            Optional.of(shared.resolve(disk.aside().getFileName()).toString()),
            false));
  }

  @Override
  public String options() {
    return UpperLayer.ownOptions();
  }
}
