package dev.limpid.vm.rootfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.proto.GuestMount;
import dev.limpid.proto.MountFlag;
import dev.limpid.vm.device.PciAddress;
import dev.limpid.vm.device.PmemDisk;
import dev.limpid.vm.layer.Layer;
import dev.limpid.vm.mountinfo.OverlayMount;
import dev.limpid.vm.shim.DecodedPlan;
import dev.limpid.vm.shim.ShimPlan;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An overlay of the host as plan, devices and mounts of the guest. */
class LayeredRootfsTest {
  private static final String OPTIONS = "redirect_dir=off,metacopy=off,index=off";
  private static final Layer TOP =
      new Layer(Path.of("/layers/top.erofs"), "11111111-2222-3333-4444-555555555555", 2 << 20);
  private static final Layer BOTTOM =
      new Layer(Path.of("/layers/bottom.erofs"), "66666666-7777-8888-9999-aaaaaaaaaaaa", 4 << 20);
  private static final OverlayMount OVERLAY =
      new OverlayMount(
          List.of(Path.of("/top"), Path.of("/bottom")), Optional.of(Path.of("/o/1/diff")), OPTIONS);
  private static final OverlayMount READ_ONLY =
      new OverlayMount(OVERLAY.lowers(), Optional.empty(), OPTIONS);

  @ParameterizedTest
  @CsvSource({"0,1", "2,1", "153,153"})
  void refusesNumbersOfLayers(int layers, int lowers) {
    OverlayMount overlay =
        new OverlayMount(Collections.nCopies(lowers, Path.of("/l")), Optional.empty(), OPTIONS);

    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> rootfs(Collections.nCopies(layers, TOP), overlay, "web"));

    assertEquals(layers + " layers", e.getMessage());
  }

  @Test
  void hasItsLayersOnPersistentMemory() {
    LayeredRootfs rootfs = rootfs(List.of(TOP, BOTTOM), OVERLAY, "web");

    assertEquals(
        List.of(
            new PmemDisk("layer0", TOP.image(), 2 << 20, PciAddress.ofLayer(0)),
            new PmemDisk("layer1", BOTTOM.image(), 4 << 20, PciAddress.ofLayer(1))),
        rootfs.devices());
  }

  @Test
  void isMountedInTheGuest() {
    LayeredRootfs rootfs = rootfs(List.of(TOP, BOTTOM), OVERLAY, "web");

    assertEquals(
        List.of(
            layerMount(TOP, 0),
            layerMount(BOTTOM, 1),
            new GuestMount(
                "overlay",
                "overlay",
                "/run/limpid/rootfs",
                Set.of(),
                "lowerdir=/run/limpid/layers/0:/run/limpid/layers/1"
                    + ",upperdir=/run/limpid/share/overlay/diff"
                    + ",workdir=/run/limpid/share/overlay/.limpid-work-web,xino=on,"
                    + OPTIONS)),
        rootfs.mounts());
  }

  @Test
  void isReadOnlyInTheGuestWithoutAnUpperDirectory() throws IOException {
    LayeredRootfs rootfs = rootfs(List.of(TOP, BOTTOM), READ_ONLY, "web");
    ShimPlan plan = new ShimPlan(Path.of("/run/limpid/web"), "create.sock");
    rootfs.make();
    rootfs.share(plan);

    assertEquals(List.of(), rootfs.releases());
    assertEquals(
        List.of(List.of("directory", "/run/limpid/web"), List.of("verb", "create.sock")),
        DecodedPlan.of(plan));
    assertEquals(
        new GuestMount(
            "overlay",
            "overlay",
            "/run/limpid/rootfs",
            Set.of(MountFlag.RO),
            "lowerdir=/run/limpid/layers/0:/run/limpid/layers/1,xino=on," + OPTIONS),
        rootfs.mounts().get(2));
  }

  @Test
  void sharesTheUpperDirectoryAndAWorkDirectory() {
    LayeredRootfs rootfs = rootfs(List.of(TOP, BOTTOM), OVERLAY, "web");
    ShimPlan plan = new ShimPlan(Path.of("/run/limpid/web"), "create.sock");
    rootfs.share(plan);

    assertEquals(
        List.of(
            List.of("directory", "/run/limpid/web"),
            List.of("verb", "create.sock"),
            List.of("upper", "/o/1", "diff", ".limpid-work-web", "overlay"),
            List.of("confine", "overlay/diff", "rw"),
            List.of("confine", "overlay/.limpid-work-web", "rw")),
        DecodedPlan.of(plan));
  }

  @ParameterizedTest
  @CsvSource({"'a,b','a\\,b'", "a:b,a\\:b", "a\\b,a\\\\b"})
  void escapesTheUpperDirectorysName(String name, String escaped) {
    OverlayMount overlay =
        new OverlayMount(List.of(Path.of("/top")), Optional.of(Path.of("/o", name)), OPTIONS);

    String data = rootfs(List.of(TOP), overlay, "web").mounts().get(1).data();

    assertTrue(data.contains(",upperdir=/run/limpid/share/overlay/" + escaped + ",workdir="), data);
  }

  @Test
  void fitsWithTheMostLayersAndTheLongestName() {
    List<Layer> layers = Collections.nCopies(PciAddress.LAYERS_MAX, TOP);
    OverlayMount overlay =
        new OverlayMount(
            Collections.nCopies(PciAddress.LAYERS_MAX, Path.of("/l")),
            Optional.of(Path.of("/o/1/diff")),
            OPTIONS);

    LayeredRootfs rootfs = rootfs(layers, overlay, "x".repeat(255));

    assertEquals(PciAddress.LAYERS_MAX + 1, rootfs.mounts().size());
    assertEquals(PciAddress.LAYERS_MAX, rootfs.devices().size());
  }

  @Test
  void makesItsWorkDirectoryOnce(@TempDir Path folder) throws IOException {
    LayeredRootfs rootfs = rootfsBelow(folder, "web");
    rootfs.make();

    assertEquals(List.of(folder.resolve(".limpid-work-web")), rootfs.releases());
    assertEquals(
        PosixFilePermissions.fromString("rwx------"),
        Files.getPosixFilePermissions(folder.resolve(".limpid-work-web")));
    assertThrows(FileAlreadyExistsException.class, rootfs::make);
  }

  @Test
  void makesItsWorkDirectoryForTheLongestNames(@TempDir Path folder) throws IOException {
    List<Path> made = new ArrayList<>();
    for (String id : List.of("x".repeat(255), "x".repeat(254) + "y", "x".repeat(242))) {
      LayeredRootfs rootfs = rootfsBelow(folder, id);
      rootfs.make();
      made.addAll(rootfs.releases());
    }

    for (Path folderOfOne : made) {
      assertTrue(Files.isDirectory(folderOfOne), folderOfOne.toString());
    }
  }

  /** Of a container whose upper layer is the host's own upper directory. */
  private static LayeredRootfs rootfs(List<Layer> layers, OverlayMount overlay, String id) {
    return new LayeredRootfs(
        layers, overlay, overlay.upper().map(upper -> new HostUpper(upper, id)));
  }

  private static LayeredRootfs rootfsBelow(Path folder, String id) {
    return rootfs(
        List.of(TOP),
        new OverlayMount(List.of(Path.of("/top")), Optional.of(folder.resolve("diff")), OPTIONS),
        id);
  }

  private static GuestMount layerMount(Layer layer, int index) {
    return new GuestMount(
        "erofs",
        "layer:" + layer.uuid(),
        "/run/limpid/layers/" + index,
        Set.of(MountFlag.RO),
        "dax=always");
  }
}
