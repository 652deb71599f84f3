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
 * A directory of the host that the guest can't change: what the container writes stays in the
 * guest's memory, and is gone at its end.
 *
 * @param directory absolute, without symbolic links; nothing is mounted below it
 */
public record EphemeralRootfs(Path directory) implements Rootfs {
  private static final String NAME = "rootfs";

  @Override
  public void make() {
    // The directory is there.
  }

  @Override
  public void share(ShimPlan plan) {
    plan.bind(directory, NAME, BindOptions.READ_ONLY);
  }

  @Override
  public List<GuestMount> mounts() {
    List<GuestMount> memory = upper().mounts();
    return List.of(
        memory.get(0),
        new GuestMount(
            "overlay",
            "overlay",
            GUEST_PATH.toString(),
            EnumSet.noneOf(MountFlag.class),
            "lowerdir="
                + lower()
                + ","
                + upper().options()
                // Nobody mounts the upper layer again, so it may hold what others do not know.
                + ",redirect_dir=on,metacopy=off,index=off"));
  }

  @Override
  public Optional<GuestUpper> filling() {
    return upper().filling();
  }

  private static Path lower() {
    return GUEST_SHARE.resolve(NAME);
  }

  private static UpperLayer upper() {
    return new MemoryUpper(Optional.empty(), lower());
  }
}
