package dev.limpid.vm.rootfs;

import dev.limpid.proto.GuestMount;
import dev.limpid.proto.GuestUpper;
import dev.limpid.proto.MountFlag;
import dev.limpid.vm.shim.BindOptions;
import dev.limpid.vm.shim.ShimPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A directory of the host that the guest works on live.
 *
 * @param directory absolute, without symbolic links
 */
public record SharedRootfs(Path directory) implements Rootfs {
  private static final String NAME = "rootfs";

  @Override
  public void make() {
    // It is there.
  }

  @Override
  public void share(ShimPlan plan) {
    plan.bind(directory, NAME, BindOptions.WHOLE);
  }

  @Override
  public List<GuestMount> mounts() {
    return List.of(mount(GuestPlace.ALONE));
  }

  @Override
  public Optional<GuestUpper> filling() {
    return Optional.empty();
  }

  /** What the guest has to mount for one of its containers, which has it in its shared folder. */
  public static GuestMount mount(GuestPlace place) {
    return GuestMount.bind(
        place.share().resolve(NAME).toString(), place.rootfs().toString(), MountFlag.REC);
  }
}
