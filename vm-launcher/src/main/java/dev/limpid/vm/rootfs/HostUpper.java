package dev.limpid.vm.rootfs;

import dev.limpid.proto.GuestMount;
import dev.limpid.proto.GuestUpper;
import dev.limpid.vm.shim.ShimPlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The host's own upper directory, shared live, so that the engine finds there at any time what the
 * container has written.
 */
public final class HostUpper implements UpperLayer {
  /**
   * Beside the upper directory, so that files can be renamed between the two. The host's own work
   * directory can't be used: mounting empties it, and the host's overlay still needs it.
   */
  private static final String WORK_PREFIX = ".limpid-work-";

  private static final int NAME_MAX = 255;

  private final Path upper;
  private final String work;

  /**
   * An upper directory of the host.
   *
   * @param upper the directory; absolute, without symbolic links
   * @param container the container's id, which no other container of the host's has at this time
   */
  public HostUpper(Path upper, String container) {
    this.upper = upper;
    work = workName(container);
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
    return List.of(upper.resolveSibling(work));
  }

  @Override
  public void make() throws IOException {
    Files.createDirectory(
        upper.resolveSibling(work),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  @Override
  public void share(ShimPlan plan) {
    plan.upper(upper.getParent(), upper.getFileName().toString(), work, NAME);
  }

  @Override
  public boolean reachesHost() {
    return true;
  }

  @Override
  public List<GuestMount> mounts() {
    return List.of();
  }

  @Override
  public Optional<GuestUpper> filling() {
    return Optional.empty();
  }

  @Override
  public String options() {
    Path shared = Rootfs.GUEST_SHARE.resolve(NAME);
    return "upperdir="
        + shared.resolve(UpperLayer.escape(upper.getFileName().toString()))
        + ",workdir="
        + shared.resolve(work);
  }
}
