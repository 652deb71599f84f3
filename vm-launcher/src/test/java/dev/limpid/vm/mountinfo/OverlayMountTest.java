package dev.limpid.vm.mountinfo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Overlays as the engines mount them, taken apart. */
class OverlayMountTest {
  private static final String ALL_OFF = "redirect_dir=off,metacopy=off,index=off";

  private Path base;
  private Path noParameters;

  @BeforeEach
  void prepare(@TempDir Path folder) throws IOException {
    base = folder.toRealPath();
    noParameters = base.resolve("no-such-folder");
  }

  static List<Arguments> unusable() {
    return List.of(
        Arguments.of("rw", "it has no lower directory"),
        Arguments.of("lowerdir=", "it has directories that hold data only"),
        Arguments.of("lowerdir=BASE/a::BASE/b", "it has directories that hold data only"),
        Arguments.of("lowerdir+=BASE/a,datadir+=BASE/b", "it has directories that hold data only"),
        Arguments.of(
            "lowerdir=BASE/missing",
            "its lower directory BASE/missing is not a directory that can be reached"),
        Arguments.of(
            "lowerdir=BASE/file",
            "its lower directory BASE/file is not a directory that can be reached"),
        Arguments.of(
            "lowerdir=BASE/a,upperdir=BASE/missing",
            "its upper directory BASE/missing is not a directory that can be reached"),
        Arguments.of(
            "lowerdir=l/A:l/B", "its lower directory l/A is relative, and it is not known to what"),
        Arguments.of(
            "lowerdir=BASE/a,upperdir=x/diff",
            "its upper directory x/diff is relative, and it is not known to what"));
  }

  @ParameterizedTest
  @MethodSource("unusable")
  void refuses(String options, String reason) throws IOException {
    directory("a");
    directory("b");
    Files.createFile(base.resolve("file"));
    HostMount mount = overlay("mnt/x/merged", options.replace("BASE", base.toString()));

    UnusableOverlayException e =
        assertThrows(UnusableOverlayException.class, () -> OverlayMount.of(mount, noParameters));

    assertEquals(reason.replace("BASE", base.toString()), e.getMessage());
  }

  @Test
  void dockersLinksBelowTheFolderOfItsLayers() throws Exception {
    Path lower = directory("overlay2/1111/diff");
    Path init = directory("overlay2/2222-init/diff");
    Path upper = directory("overlay2/2222/diff");
    link("overlay2/l/LOWER", "../1111/diff");
    link("overlay2/l/INIT", "../2222-init/diff");
    HostMount mount =
        overlay(
            "overlay2/2222/merged",
            "rw,lowerdir=l/INIT:l/LOWER,upperdir=2222/diff,workdir=2222/work,nouserxattr");

    OverlayMount overlay = OverlayMount.of(mount, noParameters);

    assertEquals(new OverlayMount(List.of(init, lower), Optional.of(upper), ALL_OFF), overlay);
  }

  @Test
  void dockersAbsoluteLinks() throws Exception {
    Path lower = directory("overlay2/1111/diff");
    Path upper = directory("overlay2/2222/diff");
    link("overlay2/l/LOWER", "../1111/diff");
    HostMount mount =
        overlay(
            "overlay2/2222/merged",
            "rw,lowerdir=" + base + "/overlay2/l/LOWER,upperdir=" + upper + ",index=off");

    OverlayMount overlay = OverlayMount.of(mount, noParameters);

    assertEquals(new OverlayMount(List.of(lower), Optional.of(upper), ALL_OFF), overlay);
  }

  @Test
  void containerdsSnapshotsRelativeToTheFolderOfTheUpperOne() throws Exception {
    Path two = directory("snapshots/2/fs");
    Path one = directory("snapshots/1/fs");
    Path upper = directory("snapshots/7/fs");
    HostMount mount =
        overlay(
            "run/containerd/k8s.io/id/rootfs",
            "rw,lowerdir=2/fs:1/fs,upperdir=" + upper + ",workdir=" + base + "/snapshots/7/work");

    OverlayMount overlay = OverlayMount.of(mount, noParameters);

    assertEquals(new OverlayMount(List.of(two, one), Optional.of(upper), ALL_OFF), overlay);
  }

  @Test
  void podmansWithMetacopy() throws Exception {
    Path lower = directory("overlay/1111/diff");
    Path upper = directory("overlay/2222/diff");
    link("overlay/l/ABC", "../1111/diff");
    HostMount mount =
        overlay(
            "overlay/2222/merged",
            "rw,context=\"system_u:object_r:container_file_t:s0:c1\\054c2\",lowerdir="
                + base
                + "/overlay/l/ABC,upperdir="
                + upper
                + ",workdir="
                + base
                + "/overlay/2222/work,redirect_dir=on,uuid=on,metacopy=on,volatile");

    OverlayMount overlay = OverlayMount.of(mount, noParameters);

    assertEquals(List.of(lower), overlay.lowers());
    assertEquals("redirect_dir=on,metacopy=on,index=off", overlay.options());
  }

  @Test
  void withoutUpperDirectory() throws Exception {
    Path a = directory("a");
    Path b = directory("b");

    OverlayMount overlay =
        OverlayMount.of(overlay("m", "ro,lowerdir=" + a + ":" + b), noParameters);

    assertEquals(new OverlayMount(List.of(a, b), Optional.empty(), ALL_OFF), overlay);
  }

  @Test
  void escapedNamesInOneText() throws Exception {
    Path colon = directory("a:b");
    Path comma = directory("c,d");
    Path backslash = directory("e\\f");
    Path upper = directory("g,h\\i");
    // As the engine gave them, and then as the kernel shows them.
    String lowers = (base + "/a\\:b:" + base + "/c\\,d:" + base + "/e\\\\f");
    String options =
        "rw,lowerdir=" + shown(lowers) + ",upperdir=" + shown(base + "/g\\,h\\\\i") + ",index=off";

    OverlayMount overlay = OverlayMount.of(overlay("m", options), noParameters);

    assertEquals(List.of(colon, comma, backslash), overlay.lowers());
    assertEquals(Optional.of(upper), overlay.upper());
  }

  @Test
  void namesGivenOneByOneAreNotEscaped() throws Exception {
    Path colon = directory("a:b");
    Path comma = directory("c,d");
    Path backslash = directory("e\\f");
    String options =
        "rw,lowerdir+="
            + shown(colon.toString())
            + ",lowerdir+="
            + shown(comma.toString())
            + ",lowerdir+="
            + shown(backslash.toString());

    OverlayMount overlay = OverlayMount.of(overlay("m", options), noParameters);

    assertEquals(List.of(colon, comma, backslash), overlay.lowers());
  }

  @Test
  void aCommaInANameMakesNoOption() throws Exception {
    Path odd = directory("a,upperdir=x");

    OverlayMount overlay =
        OverlayMount.of(overlay("m", "rw,lowerdir+=" + shown(odd.toString())), noParameters);

    assertEquals(new OverlayMount(List.of(odd), Optional.empty(), ALL_OFF), overlay);
  }

  static List<Arguments> switches() {
    return List.of(
        Arguments.of("", "", ALL_OFF),
        Arguments.of("", "redirect_dir=N metacopy=N index=N", ALL_OFF),
        Arguments.of("", "redirect_dir=? metacopy=1 index=", ALL_OFF),
        Arguments.of(
            "", "redirect_dir=Y metacopy=Y index=Y", "redirect_dir=on,metacopy=on,index=on"),
        Arguments.of(
            "",
            "redirect_dir=N redirect_always_follow=N",
            "redirect_dir=nofollow,metacopy=off,index=off"),
        Arguments.of("", "redirect_dir=N redirect_always_follow=Y", ALL_OFF),
        Arguments.of(
            "",
            "redirect_dir=Y redirect_always_follow=N",
            "redirect_dir=on,metacopy=off,index=off"),
        Arguments.of(
            ",redirect_dir=off,metacopy=off,index=off",
            "redirect_dir=Y metacopy=Y index=Y",
            ALL_OFF),
        Arguments.of(
            ",redirect_dir=follow,index=on",
            "redirect_dir=N metacopy=N index=N",
            "redirect_dir=follow,metacopy=off,index=on"),
        Arguments.of(
            ",userxattr,redirect_dir=nofollow",
            "",
            "redirect_dir=nofollow,metacopy=off,index=off,userxattr"),
        Arguments.of(",nouserxattr,xino=off,volatile", "", ALL_OFF));
  }

  @ParameterizedTest
  @MethodSource("switches")
  void takesSwitchesOver(String given, String parameters, String options) throws Exception {
    Path lower = directory("a");
    Path folder = directory("parameters");
    for (String parameter : parameters.isEmpty() ? new String[0] : parameters.split(" ", -1)) {
      int equals = parameter.indexOf('=');
      Files.writeString(
          folder.resolve(parameter.substring(0, equals)), parameter.substring(equals + 1) + "\n");
    }

    OverlayMount overlay = OverlayMount.of(overlay("m", "rw,lowerdir=" + lower + given), folder);

    assertEquals(options, overlay.options());
  }

  private HostMount overlay(String mountPoint, String options) {
    return new HostMount("0:1", Path.of("/"), base.resolve(mountPoint), false, "overlay", options);
  }

  /** How the kernel prints an option's value. */
  private static String shown(String value) {
    return value.replace("\\", "\\134").replace(",", "\\054").replace("=", "\\075");
  }

  private Path directory(String name) throws IOException {
    return Files.createDirectories(base.resolve(name));
  }

  private void link(String name, String target) throws IOException {
    Path link = base.resolve(name);
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, Path.of(target));
  }
}
