package dev.limpid.vm.hypervisor;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.FileNotFoundException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A difference must be seen, and must be readable. */
class GoldenFileTest {
  private final GoldenFile golden = new GoldenFile("x.txt", List.of("a", "b", "c", "d"));

  @Test
  void showsWhatIsMissingAndWhatIsNew() {
    AssertionError e =
        assertThrows(AssertionError.class, () -> golden.check(List.of("a", "x", "c", "d", "e")));

    assertEquals("x.txt differs:\n  a\n- b\n+ x\n  c\n  d\n+ e", e.getMessage());
  }

  @Test
  void saysNothingOfTheSame() {
    assertDoesNotThrow(() -> golden.check(List.of("a", "b", "c", "d")));
  }

  @Test
  void mustBeThere() {
    assertThrows(
        FileNotFoundException.class, () -> GoldenFile.of(GoldenFileTest.class, "no-such.txt"));
  }
}
