package dev.limpid.vm.shim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the shim finds in its plan. */
class ShimPlanTest {
  private static final List<String> DIRECTORY = List.of("directory", "/run/limpid/web");
  private static final List<String> VERB = List.of("verb", "create.sock");

  static List<Arguments> wrongFields() {
    return List.of(
        Arguments.of(List.of("a\0b"), "virtiofsd: a field that is too long or holds a NUL"),
        Arguments.of(
            List.of("x".repeat(65536)), "virtiofsd: a field that is too long or holds a NUL"),
        Arguments.of(Collections.nCopies(1024, "x"), "virtiofsd: 1025 fields"));
  }

  @ParameterizedTest
  @MethodSource("wrongFields")
  void refusesFields(List<String> command, String problem) {
    ShimPlan plan = new ShimPlan(Path.of("/run/limpid/web"), "create.sock");

    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> plan.virtiofsd(command));

    assertEquals(problem, e.getMessage());
  }

  @Test
  void takesTheLargestFields() {
    List<String> command = new ArrayList<>(Collections.nCopies(1022, ""));
    command.add("x".repeat(65535));
    ShimPlan plan = new ShimPlan(Path.of("/run/limpid/web"), "create.sock");
    plan.hypervisor(command);
    command.add(0, "hypervisor");

    assertEquals(List.of(DIRECTORY, VERB, command), DecodedPlan.of(plan));
  }

  @Test
  void isWrittenInLittleEndian() {
    assertArrayEquals(
        HexFormat.of()
            .parseHex(
                "02000000"
                    + "09000000"
                    + "6469726563746f7279"
                    + "02000000"
                    + "2f78"
                    + "02000000"
                    + "04000000"
                    + "76657262"
                    + "01000000"
                    + "76"),
        new ShimPlan(Path.of("/x"), "v").toBytes());
  }

  static List<Arguments> directives() {
    return List.of(
        directive(
            plan -> plan.cgroup(List.of(Path.of("/c/cpu/a"), Path.of("/c/memory/a"))),
            List.of("cgroup", "/c/cpu/a"),
            List.of("cgroup", "/c/memory/a")),
        directive(plan -> plan.oomScoreAdjustment(-17), List.of("oom-score-adj", "-17")),
        directive(plan -> plan.network(Optional.empty()), List.of("network", "new")),
        directive(ShimPlan::detached, List.of("detached")),
        directive(
            plan -> plan.network(Optional.of(Path.of("/run/netns/x"))),
            List.of("network", "join", "/run/netns/x")),
        directive(ShimPlan::share, List.of("share", "shared")),
        directive(
            plan ->
                plan.bind(
                    Path.of("/data"),
                    "volume0",
                    new BindOptions(true, false, false, Optional.empty())),
            List.of("bind", "/data", "volume0", "rbind"),
            List.of("confine", "volume0", "rw")),
        directive(
            plan ->
                plan.bind(
                    Path.of("/data"),
                    "volume1",
                    new BindOptions(true, true, false, Optional.empty())),
            List.of("bind", "/data", "volume1", "rbind,ro"),
            List.of("confine", "volume1", "ro")),
        directive(
            plan ->
                plan.bind(
                    Path.of("/data"),
                    "volume2",
                    new BindOptions(false, false, false, Optional.empty())),
            List.of("bind", "/data", "volume2", "bind"),
            List.of("confine", "volume2", "rw")),
        directive(
            plan ->
                plan.bind(
                    Path.of("/data"),
                    "volume3",
                    new BindOptions(false, true, false, Optional.empty())),
            List.of("bind", "/data", "volume3", "bind,ro"),
            List.of("confine", "volume3", "ro")),
        directive(
            plan ->
                plan.bind(
                    Path.of("/data"),
                    "volume4",
                    new BindOptions(
                        true, true, true, Optional.of(new IdentityMap("0 1 2", "3 4 5", true)))),
            List.of("bind", "/data", "volume4", "rbind,ro,slave,ridmap", "0 1 2", "3 4 5"),
            List.of("confine", "volume4", "ro")),
        directive(
            plan ->
                plan.bind(
                    Path.of("/data"),
                    "volume5",
                    new BindOptions(
                        false,
                        false,
                        false,
                        Optional.of(new IdentityMap("0 1 2", "3 4 5", false)))),
            List.of("bind", "/data", "volume5", "bind,idmap", "0 1 2", "3 4 5"),
            List.of("confine", "volume5", "rw")),
        directive(plan -> plan.root(Path.of("/o/1/merged")), List.of("root", "/o/1/merged")),
        directive(plan -> plan.merged(Path.of("/o/1/merged")), List.of("merged", "/o/1/merged")),
        directive(
            plan -> plan.upper(Path.of("/o/1"), "diff", ".limpid-work-web", "overlay"),
            List.of("upper", "/o/1", "diff", ".limpid-work-web", "overlay"),
            List.of("confine", "overlay/diff", "rw"),
            List.of("confine", "overlay/.limpid-work-web", "rw")),
        directive(
            plan -> plan.disk(Path.of("/dev/sdb"), 8, 16, false),
            List.of("disk", "/dev/sdb", "8:16", "rw")),
        directive(
            plan -> plan.disk(Path.of("/dev/loop0"), 7, 0, true),
            List.of("disk", "/dev/loop0", "7:0", "ro")),
        directive(
            plan -> plan.file(Path.of("/o/1/.limpid-disk-diff")),
            List.of("file", "/o/1/.limpid-disk-diff")),
        directive(
            plan -> plan.virtiofsd(List.of("/virtiofsd", "", "-o", "a b\n")),
            List.of("virtiofsd", "/virtiofsd", "", "-o", "a b\n")),
        directive(
            plan -> plan.hypervisor(List.of("/qemu", "-M", "q35")),
            List.of("hypervisor", "/qemu", "-M", "q35")),
        directive(
            plan -> plan.passt(List.of("/passt", "--fd", "3")),
            List.of("passt", "/passt", "--fd", "3")),
        directive(
            plan -> plan.refresh(List.of("/limpid", "--root", "/run/limpid", "refresh", "web")),
            List.of("refresh", "/limpid", "--root", "/run/limpid", "refresh", "web")),
        directive(ShimPlan::noTerminal, List.of("terminal", "none")),
        directive(ShimPlan::inheritTerminal, List.of("terminal", "inherit")),
        directive(
            plan -> plan.sendTerminal(Path.of("/console.sock")),
            List.of("terminal", "socket", "/console.sock")),
        directive(
            plan -> plan.log(Path.of("/log.json"), "json"), List.of("log", "/log.json", "json")));
  }

  private static Arguments directive(Consumer<ShimPlan> asked, List<String> first) {
    return Arguments.of(asked, List.of(first));
  }

  private static Arguments directive(
      Consumer<ShimPlan> asked, List<String> first, List<String> second) {
    return Arguments.of(asked, List.of(first, second));
  }

  private static Arguments directive(
      Consumer<ShimPlan> asked, List<String> first, List<String> second, List<String> third) {
    return Arguments.of(asked, List.of(first, second, third));
  }

  @ParameterizedTest
  @MethodSource("directives")
  void hasADirectiveForEachThing(Consumer<ShimPlan> asked, List<List<String>> records) {
    ShimPlan plan = new ShimPlan(Path.of("/run/limpid/web"), "create.sock");
    asked.accept(plan);

    List<List<String>> expected = new ArrayList<>(List.of(DIRECTORY, VERB));
    expected.addAll(records);
    assertEquals(expected, DecodedPlan.of(plan));
  }

  @Test
  void isWrittenForItsOwner(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("plan");
    ShimPlan plan = new ShimPlan(Path.of("/run/limpid/web"), "create.sock");
    plan.share();
    plan.write(file);

    assertEquals(List.of(DIRECTORY, VERB, List.of("share", "shared")), DecodedPlan.read(file));
    assertEquals(PosixFilePermissions.fromString("rw-------"), Files.getPosixFilePermissions(file));
  }

  @Test
  void doesNotReplaceAFile(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("plan"), "other");

    assertThrows(
        FileAlreadyExistsException.class,
        () -> new ShimPlan(Path.of("/x"), "create.sock").write(file));

    assertEquals("other", Files.readString(file));
  }

  @Test
  void isNotWrittenIfItIsTooLarge(@TempDir Path folder) {
    ShimPlan plan = new ShimPlan(Path.of("/x"), "create.sock");
    for (int i = 0; i < 17; i++) {
      plan.virtiofsd(List.of("x".repeat(65535)));
    }

    IOException e = assertThrows(IOException.class, () -> plan.write(folder.resolve("plan")));

    assertEquals(
        "the plan of this container takes " + plan.toBytes().length + " bytes: at most 1048576",
        e.getMessage());
    assertFalse(Files.exists(folder.resolve("plan")));
  }

  @Test
  void mapsOfIdsAreBounded() {
    assertThrows(IllegalArgumentException.class, () -> new IdentityMap("", "0 1 2", false));
    assertThrows(
        IllegalArgumentException.class, () -> new IdentityMap("0 1 2", "1".repeat(4096), false));
  }
}
