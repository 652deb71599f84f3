package dev.limpid.vm.rootfs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.proto.GuestMount;
import dev.limpid.proto.MountFlag;
import dev.limpid.vm.shim.DecodedPlan;
import dev.limpid.vm.shim.ShimPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A directory shared as it is. */
class SharedRootfsTest {
  private final SharedRootfs rootfs = new SharedRootfs(Path.of("/bundle/rootfs"));

  @Test
  void isBoundWithAllThatIsMountedBelow() {
    ShimPlan plan = new ShimPlan(Path.of("/run/limpid/web"), "create.sock");
    rootfs.make();
    rootfs.share(plan);

    assertEquals(
        List.of(
            List.of("directory", "/run/limpid/web"),
            List.of("verb", "create.sock"),
            List.of("bind", "/bundle/rootfs", "rootfs", "rbind"),
            List.of("confine", "rootfs", "rw")),
        DecodedPlan.of(plan));
  }

  @Test
  void needsNothingButItsMount() {
    assertEquals(List.of(), rootfs.devices());
    assertEquals(List.of(), rootfs.releases());
    assertEquals(
        List.of(
            new GuestMount(
                "bind",
                "/run/limpid/share/rootfs",
                "/run/limpid/rootfs",
                Set.of(MountFlag.BIND, MountFlag.REC),
                "")),
        rootfs.mounts());
  }
}
