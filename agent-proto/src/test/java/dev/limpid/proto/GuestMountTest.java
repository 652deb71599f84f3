package dev.limpid.proto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GuestMountTest {
  private static final String TARGET = "/run/limpid/a";
  private static final Set<MountFlag> NONE = Set.of();
  private static final Set<MountFlag> BIND = Set.of(MountFlag.BIND);

  static List<Arguments> badMounts() {
    String none = "";
    return List.of(
        bad("type of 0 bytes", none, "s", NONE, none),
        bad("type of 64 bytes", "t".repeat(64), "s", NONE, none),
        bad("type of 64 bytes", "é".repeat(32), "s", NONE, none),
        bad("type holds a NUL", "tmp\0fs", "s", NONE, none),
        bad("source of 4096 bytes", "9p", "s".repeat(4096), NONE, none),
        bad("source of 4098 bytes", "9p", "é".repeat(2049), NONE, none),
        bad("source holds a NUL", "9p", "s\0", NONE, none),
        bad("data of 4096 bytes", "9p", "s", NONE, "d".repeat(4096)),
        bad("data holds a NUL", "9p", "s", NONE, "d\0"),
        bad("rec without bind", "9p", "s", Set.of(MountFlag.REC), none),
        bad("relatime and noatime", "9p", "s", Set.of(MountFlag.RELATIME, MountFlag.NOATIME), none),
        bad("relatime and noatime", "bind", TARGET, EnumSet.allOf(MountFlag.class), none),
        bad("a bind has no options", "bind", TARGET, BIND, "size=1"),
        bad("a bind has no options", "bind", TARGET, NONE, "size=1"),
        bad("is not a plain path", "bind", none, BIND, none),
        bad("is not a plain path", "bind", "/etc", BIND, none),
        bad("is not a plain path", "none", "/etc", BIND, none),
        // The agent binds whatever is called so, with the flag or without
        bad("is not a plain path", "bind", "/etc", NONE, none));
  }

  private static Arguments bad(
      String problem, String type, String source, Set<MountFlag> flags, String data) {
    return Arguments.of(problem, type, source, flags, data);
  }

  @ParameterizedTest
  @MethodSource("badMounts")
  void refuses(String problem, String type, String source, Set<MountFlag> flags, String data) {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> new GuestMount(type, source, TARGET, flags, data));
    assertTrue(refused.getMessage().contains(problem), refused.getMessage());
    assertTrue(refused.getMessage().length() < 300, refused.getMessage());
  }

  static List<String> badPaths() {
    return List.of(
        "",
        "/",
        "a",
        "/etc/passwd",
        "run/limpid/a",
        "/run",
        "/run/limpid",
        "/run/limpid/",
        "/run/limpid//a",
        "/run/limpid/a/",
        "/run/limpid/a//b",
        "/run/limpid/.",
        "/run/limpid/./a",
        "/run/limpid/a/.",
        "/run/limpid/..",
        "/run/limpid/../a",
        "/run/limpid/a/..",
        "/run/limpid/a/../../../etc",
        "/run/limpidity/a",
        "/run/limpid.d/a",
        "/run/./limpid/a",
        "//run/limpid/a",
        "/run/limpid/a\0b",
        "/run/limpid/" + "n".repeat(256),
        "/run/limpid/" + "é".repeat(128),
        "/run/limpid" + "/n".repeat(2043));
  }

  @ParameterizedTest
  @MethodSource("badPaths")
  void refusesAsTargetAndAsSourceOfABind(String path) {
    assertThrows(IllegalArgumentException.class, () -> new GuestMount("tmpfs", "", path, NONE, ""));
    assertThrows(IllegalArgumentException.class, () -> GuestMount.bind(TARGET, path));
    assertThrows(IllegalArgumentException.class, () -> GuestMount.bind(path, TARGET));
  }

  static List<String> goodPaths() {
    return List.of(
        "/run/limpid/a",
        "/run/limpid/a/b",
        "/run/limpid/...",
        "/run/limpid/..a/.b",
        "/run/limpid/run/limpid",
        "/run/limpid/with blank\nand \"quotes\"",
        "/run/limpid/" + "n".repeat(255),
        "/run/limpid" + "/n".repeat(2042));
  }

  @ParameterizedTest
  @MethodSource("goodPaths")
  void takesAsTargetAndAsSourceOfABind(String path) {
    assertEquals(path, new GuestMount("tmpfs", "", path, NONE, "").target());
    assertEquals(path, GuestMount.bind(path, TARGET).source());
  }

  @Test
  void takesWhatIsAtTheBounds() {
    GuestMount mount =
        new GuestMount("t".repeat(63), "s".repeat(4095), TARGET, NONE, "d".repeat(4095));
    assertEquals(63, mount.type().length());
    assertEquals(4095, mount.source().length());
    assertEquals(4095, mount.data().length());
  }

  @Test
  void messagesShowNothingThatATerminalActsUpon() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> new GuestMount("tmpfs", "", "/\u001b[2J\u202e", NONE, ""));
    assertFalse(FailureTextTest.ACTS.matcher(refused.getMessage()).find(), refused.getMessage());
  }

  @Test
  void asJson() {
    GuestMount mount =
        new GuestMount(
            "9p",
            "tag \"1\"",
            "/run/limpid/é",
            EnumSet.of(MountFlag.NOATIME, MountFlag.NOEXEC, MountFlag.NODEV, MountFlag.NOSUID),
            "trans=virtio,a\\b");
    assertEquals(
        "{\"type\":\"9p\",\"source\":\"tag \\\"1\\\"\",\"target\":\"/run/limpid/é\","
            + "\"flags\":[\"nosuid\",\"nodev\",\"noexec\",\"noatime\"],"
            + "\"data\":\"trans=virtio,a\\\\b\"}",
        mount.toJson().toString());
  }

  @Test
  void flagsAreTheWordsOfTheProtocol() {
    List<String> words = new ArrayList<>();
    for (MountFlag flag : MountFlag.values()) {
      words.add(flag.word());
    }
    assertEquals(
        List.of("ro", "nosuid", "nodev", "noexec", "relatime", "noatime", "bind", "rec"), words);
  }

  @Test
  void bindMayHaveMoreFlags() {
    GuestMount mount = GuestMount.bind("/run/limpid/a", "/run/limpid/b", MountFlag.RO);
    assertEquals(
        new GuestMount(
            "bind", "/run/limpid/a", "/run/limpid/b", EnumSet.of(MountFlag.RO, MountFlag.BIND), ""),
        mount);
  }

  @Test
  void keepsACopyOfItsFlags() {
    EnumSet<MountFlag> flags = EnumSet.of(MountFlag.RO);
    GuestMount mount = new GuestMount("tmpfs", "", TARGET, flags, "");
    flags.clear();
    assertEquals(Set.of(MountFlag.RO), mount.flags());
    Set<MountFlag> kept = mount.flags();
    assertThrows(UnsupportedOperationException.class, kept::clear);
  }
}
