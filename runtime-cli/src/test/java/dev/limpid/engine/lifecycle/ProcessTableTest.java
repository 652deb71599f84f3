package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.EngineException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The lines of ps that are asked for. */
class ProcessTableTest {
  private static final String TABLE =
      "UID   PID  PPID CMD\nroot    1     0 init 12\nroot   12     1 a b\nroot  112    12 c\n";

  @Test
  void keepsTheHeadingAndThesePids() {
    assertEquals(
        List.of("UID   PID  PPID CMD", "root   12     1 a b"),
        ProcessTable.filter(TABLE, List.of(12L, 99L)));
    assertEquals(List.of("UID   PID  PPID CMD"), ProcessTable.filter(TABLE, List.of()));
  }

  @Test
  void needsAColumnOfPids() {
    assertThrows(EngineException.class, () -> ProcessTable.filter("CMD\ninit\n", List.of(1L)));
  }

  @Test
  void showsThisVeryProcess() {
    long self = ProcessHandle.current().pid();
    List<String> lines = ProcessTable.of(List.of("-o", "pid,args", "-e"), List.of(self));
    assertEquals(2, lines.size(), lines.toString());
    assertTrue(lines.get(1).strip().startsWith(self + " "), lines.get(1));
  }

  @Test
  void tellsWhatPsSays() {
    EngineException e =
        assertThrows(
            EngineException.class, () -> ProcessTable.of(List.of("--no-such-option"), List.of()));
    assertTrue(e.getMessage().startsWith("ps: exit status 1: "), e.getMessage());
  }
}
