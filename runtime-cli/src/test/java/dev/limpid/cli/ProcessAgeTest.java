package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How long ago a process was started, from what the kernel tells. */
class ProcessAgeTest {
  @ParameterizedTest
  @CsvSource({
    "12.34 5.00, 1200, 340000",
    "1234567.05 0.00, 123456705, 0",
    "0.07 0.00, 0, 70000",
    // The two were not read in the same instant.
    "12.34 5.00, 1235, 0"
  })
  void isTheTimeSinceItsStart(String uptime, long startTime, long micros) {
    assertEquals(micros, ProcessAge.micros(uptime, startTime));
  }

  @Test
  void thisProcessIsAsOldAsTheJdkSays() throws IOException {
    Instant start = ProcessHandle.current().info().startInstant().orElseThrow();
    long before = Duration.between(start, Instant.now()).toMillis();
    long age = ProcessAge.micros() / 1000;
    long after = Duration.between(start, Instant.now()).toMillis();

    // The JDK adds to a time of boot in whole seconds.
    assertTrue(before - 1100 <= age && age <= after + 1100, before + " " + age + " " + after);
  }
}
