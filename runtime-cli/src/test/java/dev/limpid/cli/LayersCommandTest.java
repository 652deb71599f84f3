package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.EngineException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What people write for sizes and times, and what is printed for them. */
class LayersCommandTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"", "K", "-1", "1.5G", "1k", "1 G", "G1", "1KK", "1234567890123", "999999999T"})
  void refusesSizes(String text) {
    EngineException e = assertThrows(EngineException.class, () -> LayersCommand.bytes(text));

    assertEquals("--max: " + text + ": ", e.getMessage().substring(0, 9 + text.length()));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1",
    "1K, 1024",
    "20G, 21474836480",
    "3M, 3145728",
    "1T, 1099511627776",
    "999999999999, 999999999999"
  })
  void takesSizes(String text, long bytes) {
    assertEquals(bytes, LayersCommand.bytes(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "d", "1", "-1d", "1w", "1.5h", "1 d", "1234567890123s"})
  void refusesDurations(String text) {
    EngineException e = assertThrows(EngineException.class, () -> LayersCommand.duration(text));

    assertEquals("--older: " + text + ": ", e.getMessage().substring(0, 11 + text.length()));
  }

  @ParameterizedTest
  @CsvSource({"0s, 0", "90s, 90", "2m, 120", "3h, 10800", "30d, 2592000"})
  void takesDurations(String text, long seconds) {
    assertEquals(seconds, LayersCommand.duration(text));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1.0 KiB",
    "1048575, 1023.9 KiB",
    "1048576, 1.0 MiB",
    "1610612736, 1.5 GiB",
    "5497558138880, 5.0 TiB",
    "5497558138880000, 5000.0 TiB"
  })
  void printsSizes(long bytes, String text) {
    assertEquals(text, LayersCommand.size(bytes));
  }
}
