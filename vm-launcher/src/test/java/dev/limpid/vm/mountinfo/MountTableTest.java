package dev.limpid.vm.mountinfo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The table as a whole: what is on top counts. */
class MountTableTest {
  private static final String TABLE =
      """
      22 1 8:1 / / rw - ext4 /dev/sda1 rw
      no line of a mount
      30 22 0:30 / /m rw - tmpfs tmpfs rw
      31 30 0:31 / /m rw - overlay overlay rw,lowerdir=/l

      32 22 0:32 / /m/below rw - proc proc rw
      """;

  @Test
  void isEmptyOfGarbage() {
    assertEquals(List.of(), MountTable.parse("").mounts());
    assertEquals(List.of(), MountTable.parse("\n\u0000\n- - -\n").mounts());
  }

  @Test
  void keepsTheOrder() {
    assertEquals(
        List.of("ext4", "tmpfs", "overlay", "proc"),
        MountTable.parse(TABLE).mounts().stream().map(HostMount::type).toList());
  }

  @Test
  void findsTheTopmostMountOfExactlyOnePlace() {
    MountTable table = MountTable.parse(TABLE);

    assertEquals("overlay", table.at(Path.of("/m")).orElseThrow().type());
    assertEquals("ext4", table.at(Path.of("/")).orElseThrow().type());
    assertEquals(Optional.empty(), table.at(Path.of("/m/belo")));
    assertEquals(Optional.empty(), table.at(Path.of("/m/below/x")));
  }

  @Test
  void readsTheTableOfThisProcess() throws IOException {
    assertEquals("proc", MountTable.read().at(Path.of("/proc")).orElseThrow().type());
  }
}
