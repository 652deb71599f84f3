package dev.limpid.vm.rootfs;

import dev.limpid.proto.GuestMount;
import dev.limpid.proto.GuestUpper;
import dev.limpid.proto.MountFlag;
import dev.limpid.vm.shim.BindOptions;
import dev.limpid.vm.shim.ShimPlan;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/**
 * The guest's memory: what is written is gone when the container ends. At most half of the memory
 * is taken.
 *
 * @param upper the host's upper directory, whose contents are filled in; absolute, without symbolic
 *     links. Empty: there is none
 * @param top otherwise, the directory in the guest whose attributes the root directory gets
 */
public record MemoryUpper(Optional<Path> upper, Path top) implements UpperLayer {
  private static final String CONTENTS = "upper";

  @Override
  public void make() {
    // All of it is in the guest.
  }

  @Override
  public void share(ShimPlan plan) {
    if (upper.isPresent()) {
      plan.bind(upper.get(), CONTENTS, BindOptions.READ_ONLY);
    }
  }

  @Override
  public boolean reachesHost() {
    return false;
  }

  @Override
  public List<GuestMount> mounts() {
    return List.of(
        new GuestMount(
            "tmpfs",
            "tmpfs",
            GUEST_FILE_SYSTEM.toString(),
            EnumSet.noneOf(MountFlag.class),
            "size=50%,mode=0700"));
  }

  @Override
  public Optional<GuestUpper> filling() {
    Path source = upper.isPresent() ? Rootfs.GUEST_SHARE.resolve(CONTENTS) : top;
    return Optional.of(
        new GuestUpper(
            GUEST_FILE_SYSTEM.toString(), source.toString(), Optional.empty(), upper.isEmpty()));
  }

  @Override
  public String options() {
    return UpperLayer.ownOptions();
  }
}
