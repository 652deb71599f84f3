package dev.limpid.engine.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whether a table of sockets has Docker's name server. */
class HostResolverTest {
  private static final String HEAD =
      "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";

  @ParameterizedTest
  @CsvSource({
    "0100007F:0035, false",
    "0C00007F:0035, false",
    "00000000:0035, false",
    "0B00007F:CAFE, true",
    "0b00007f:0035, true"
  })
  void knowsItByItsAddress(String local, boolean there) {
    String table =
        HEAD
            + "  121: 0100007F:1F90 00000000:0000 07 00000000:00000000 00:00000000 00000000 0\n"
            + "  355: "
            + local
            + " 0B00007F:0000 07 00000000:00000000 00:00000000 00000000     0        0 91\n";

    assertEquals(there, HostResolver.isIn(table));
  }

  @Test
  void thereIsNoneInAnEmptyTable() {
    assertFalse(HostResolver.isIn(HEAD));
    assertFalse(HostResolver.isIn(""));
  }

  @Test
  void thereIsNoneIfTheNamespaceIsGone(@TempDir Path directory) {
    assertFalse(HostResolver.isIn(directory));
  }
}
