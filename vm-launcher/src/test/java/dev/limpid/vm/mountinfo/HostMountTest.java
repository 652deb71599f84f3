package dev.limpid.vm.mountinfo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines of mountinfo: fields that may be missing, and names in octal. */
class HostMountTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "garbage",
        "36 35 98:0 / /mnt",
        "36 35 98:0 / /mnt rw",
        "36 35 98:0 / /mnt rw -",
        "36 35 98:0 / /mnt rw - ext4",
        "36 35 98:0 / /mnt rw - ext4 /dev/sda1",
        "36 35 98:0 / /mnt rw master:1 ext4 /dev/sda1 rw",
        "36 35 98:0 / mnt rw - ext4 /dev/sda1 rw",
        "36 35 98:0 /  rw - ext4 /dev/sda1 rw",
        "36 35 98:0 / /m\\000nt rw - ext4 /dev/sda1 rw",
      })
  void leavesOutWhatIsNoMount(String line) {
    assertEquals(Optional.empty(), HostMount.parse(line));
  }

  static List<Arguments> lines() {
    return List.of(
        Arguments.of(
            "36 35 98:0 / /mnt rw,noatime - ext4 /dev/sda1 rw,errors=continue",
            "/mnt",
            "ext4",
            "rw,errors=continue"),
        Arguments.of(
            "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw",
            "/mnt2",
            "ext3",
            "rw"),
        Arguments.of(
            "36 35 98:0 / /mnt rw shared:7 master:1 propagate_from:2 unbindable - ext4 /dev/x rw",
            "/mnt",
            "ext4",
            "rw"),
        Arguments.of(
            "36 35 0:5 / / rw - overlay  rw,lowerdir=/l", "/", "overlay", "rw,lowerdir=/l"),
        Arguments.of("36 35 0:5 / /a\\040b rw - tmpfs tmpfs rw", "/a b", "tmpfs", "rw"),
        Arguments.of("36 35 0:5 / /a\\011b rw - tmpfs tmpfs rw", "/a\tb", "tmpfs", "rw"),
        Arguments.of("36 35 0:5 / /a\\012b rw - tmpfs tmpfs rw", "/a\nb", "tmpfs", "rw"),
        Arguments.of("36 35 0:5 / /a\\043b rw - tmpfs tmpfs rw", "/a#b", "tmpfs", "rw"),
        Arguments.of("36 35 0:5 / /a\\134b rw - tmpfs tmpfs rw", "/a\\b", "tmpfs", "rw"),
        Arguments.of("36 35 0:5 / /a\\134040b rw - tmpfs tmpfs rw", "/a\\040b", "tmpfs", "rw"),
        Arguments.of("36 35 0:5 / /a\\04 rw - tmpfs tmpfs rw", "/a\\04", "tmpfs", "rw"),
        Arguments.of("36 35 0:5 / /a\\480 rw - tmpfs tmpfs rw", "/a\\480", "tmpfs", "rw"),
        Arguments.of("36 35 0:5 / /a\\ rw - tmpfs tmpfs rw", "/a\\", "tmpfs", "rw"),
        Arguments.of("36 35 0:5 / /a rw - tmpfs tmpfs rw,x=\\054", "/a", "tmpfs", "rw,x=\\054"));
  }

  @ParameterizedTest
  @MethodSource("lines")
  void readsMounts(String line, String mountPoint, String type, String options) {
    HostMount mount = HostMount.parse(line).orElseThrow();

    assertEquals(Path.of(mountPoint), mount.mountPoint());
    assertEquals(type, mount.type());
    assertEquals(options, mount.options());
    assertFalse(mount.readOnly());
  }

  @Test
  void readsWhatIsMountedOfAFileSystem() {
    HostMount mount =
        HostMount.parse("36 35 98:0 /part\\040one /mnt rw - ext4 /dev/sda1 rw").orElseThrow();
    assertEquals("98:0", mount.device());
    assertEquals(Path.of("/part one"), mount.root());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "36 35 98:0 / /mnt ro,noatime - ext4 /dev/sda1 rw",
        "36 35 98:0 / /mnt rw,noatime - ext4 /dev/sda1 ro,errors=remount-ro",
        "36 35 98:0 / /mnt ro shared:7 - ext4 /dev/sda1 ro",
      })
  void knowsWhatCannotBeWritten(String line) {
    assertTrue(HostMount.parse(line).orElseThrow().readOnly());
  }

  @Test
  void isSeenWhereItsDeviceIs(@TempDir Path folder) throws IOException {
    String device = HostMount.deviceOf(folder);
    assertTrue(mount(device, folder).isSeenAt(folder));
    assertFalse(mount("0:0", folder).isSeenAt(folder));
    assertFalse(mount(device, folder.resolve("else")).isSeenAt(folder));
  }

  private static HostMount mount(String device, Path place) {
    return new HostMount(device, Path.of("/"), place, false, "overlay", "rw");
  }

  @Test
  void deviceNumbersAreThoseOfTheMountTable() throws IOException {
    HostMount proc = MountTable.read().at(Path.of("/proc")).orElseThrow();
    assertEquals(proc.device(), HostMount.deviceOf(Path.of("/proc")));
  }

  static List<Arguments> options() {
    return List.of(
        Arguments.of("rw", "lowerdir", List.of()),
        Arguments.of("", "lowerdir", List.of()),
        Arguments.of("rw,xlowerdir=/x", "lowerdir", List.of()),
        Arguments.of("rw,lowerdir+=/x", "lowerdir", List.of()),
        Arguments.of("rw,lowerdir=/x", "lower", List.of()),
        Arguments.of("rw,lowerdir=", "lowerdir", List.of("")),
        Arguments.of("rw,userxattr", "userxattr", List.of("")),
        Arguments.of("lowerdir+=/b,lowerdir+=/a", "lowerdir+", List.of("/b", "/a")),
        Arguments.of("lowerdir=/a\\054b,x", "lowerdir", List.of("/a,b")),
        Arguments.of("lowerdir=/a\\054upperdir\\075/x", "upperdir", List.of()),
        Arguments.of("lowerdir=/a\\134\\054b", "lowerdir", List.of("/a\\,b")),
        Arguments.of("lowerdir=/a\\040b=c", "lowerdir", List.of("/a b=c")));
  }

  @ParameterizedTest
  @MethodSource("options")
  void findsOptions(String options, String name, List<String> values) {
    HostMount mount = new HostMount("0:1", Path.of("/"), Path.of("/m"), false, "overlay", options);

    assertEquals(values, mount.values(name));
    assertEquals(values.stream().findFirst(), mount.value(name));
  }

  @Test
  void splitsAtSeparatorsThatAreNotEscaped() {
    assertEquals(List.of(""), HostMount.split("", ':'));
    assertEquals(List.of("a", "", "b"), HostMount.split("a::b", ':'));
    assertEquals(List.of("a\\:b", "c"), HostMount.split("a\\:b:c", ':'));
    assertEquals(List.of("a\\\\", "b"), HostMount.split("a\\\\:b", ':'));
    assertEquals(List.of("a\\"), HostMount.split("a\\", ':'));
  }
}
