package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.EngineException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How often events come. */
class EventsCommandTest {
  @ParameterizedTest
  @ValueSource(strings = {"", "5", "s", "0s", "-1s", "1.5s", "1h", "1 s", "9999999s", "ms"})
  void refuses(String interval) {
    assertThrows(EngineException.class, () -> EventsCommand.millis(interval));
  }

  @ParameterizedTest
  @CsvSource({"1ms, 1", "250ms, 250", "5s, 5000", "2m, 120000"})
  void reads(String interval, long millis) {
    assertEquals(millis, EventsCommand.millis(interval));
  }
}
