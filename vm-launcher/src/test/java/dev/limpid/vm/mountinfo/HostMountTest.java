package dev.limpid.vm.mountinfo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
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
    assertEquals(
        Optional.of(new HostMount(Path.of(mountPoint), type, options)), HostMount.parse(line));
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
    HostMount mount = new HostMount(Path.of("/m"), "overlay", options);

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
