package dev.limpid.oci.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Times are written with nine digits of a second, and read as RFC 3339 allows. */
class Rfc3339Test {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "now",
        "2025-03-01",
        "12:34:56Z",
        "2025-03-01T12:34Z",
        "2025-03-01T12:34:56",
        "2025-03-01 12:34:56Z",
        "2025-03-01t12:34:56Z",
        "2025-03-01T12:34:56z",
        "2025-03-01T12:34:56Z ",
        " 2025-03-01T12:34:56Z",
        "2025-03-01T12:34:56ZZ",
        "2025-3-01T12:34:56.0Z",
        "25-03-01T12:34:56.000Z",
        "12025-03-01T12:34:56Z",
        "+2025-03-01T12:34:56Z",
        "-025-03-01T12:34:56Z",
        "2025/03/01T12:34:56Z",
        "2025-00-01T12:34:56Z",
        "2025-13-01T12:34:56Z",
        "2025-03-00T12:34:56Z",
        "2025-04-31T12:34:56Z",
        "2025-02-29T12:34:56Z",
        "1900-02-29T12:34:56Z",
        "2025-03-01T24:00:00Z",
        "2025-03-01T12:60:00Z",
        "2025-03-01T12:34:60Z",
        "2025-03-01T12:34:5aZ",
        "2025-03-01T12:34:-1Z",
        "2025-03-01T12:34:56.Z",
        "2025-03-01T12:34:56,5Z",
        "2025-03-01T12:34:56.-5Z",
        "2025-03-01T12:34:56.1234567890Z",
        "2025-03-01T12:34:56.999999999999999999999Z",
        "2025-03-01T12:34:56.123",
        "2025-03-01T12:34:56+01",
        "2025-03-01T12:34:56+0100",
        "2025-03-01T12:34:56+1:00",
        "2025-03-01T12:34:56+01:60",
        "2025-03-01T12:34:56+24:00",
        "2025-03-01T12:34:56+aa:00",
        "2025-03-01T12:34:56+01:-1",
        "2025-03-01T12:34:56*01:00",
        "2025-03-01T12:34:56+01:00Z",
        "٢٠٢٥-03-01T12:34:56Z"
      })
  void isNoTime(String text) {
    assertEquals(Optional.empty(), Rfc3339.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "2025-03-01T12:34:56Z, 1740832496, 0",
    "2025-03-01T12:34:56.5Z, 1740832496, 500000000",
    "2025-03-01T12:34:56.000000789Z, 1740832496, 789",
    "2025-03-01T12:34:56.789000Z, 1740832496, 789000000",
    "2025-03-01T12:34:56.999999999Z, 1740832496, 999999999",
    "2025-03-01T12:34:56+00:00, 1740832496, 0",
    "2025-03-01T12:34:56-00:00, 1740832496, 0",
    "2025-03-01T14:34:56+02:00, 1740832496, 0",
    "2025-03-01T18:04:56.25+05:30, 1740832496, 250000000",
    "2025-03-01T09:04:56-03:30, 1740832496, 0",
    "2025-03-01T00:04:56-12:30, 1740832496, 0",
    "2024-02-29T23:59:59Z, 1709251199, 0",
    "2000-02-29T00:00:00Z, 951782400, 0",
    "1970-01-01T00:00:00Z, 0, 0",
    "1969-12-31T23:59:59.25Z, -1, 250000000",
    "0000-01-01T00:00:00Z, -62167219200, 0",
    "9999-12-31T23:59:59.999999999Z, 253402300799, 999999999",
  })
  void isATime(String text, long seconds, int nanos) {
    assertEquals(Optional.of(Instant.ofEpochSecond(seconds, nanos)), Rfc3339.parse(text));
  }

  @Test
  void cannotWriteAYearOfMoreOrLessThanFourDigits() {
    Instant first = Instant.parse("0000-01-01T00:00:00Z");
    Instant last = Instant.parse("9999-12-31T23:59:59.999999999Z");

    assertThrows(IllegalArgumentException.class, () -> Rfc3339.format(first.minusNanos(1)));
    assertThrows(IllegalArgumentException.class, () -> Rfc3339.format(last.plusNanos(1)));
    assertEquals("0000-01-01T00:00:00.000000000Z", Rfc3339.format(first));
    assertEquals("9999-12-31T23:59:59.999999999Z", Rfc3339.format(last));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 1970-01-01T00:00:00.000000000Z",
    "0, 1, 1970-01-01T00:00:00.000000001Z",
    "-1, 999999999, 1969-12-31T23:59:59.999999999Z",
    "1740832496, 789, 2025-03-01T12:34:56.000000789Z",
    "1740832496, 120000000, 2025-03-01T12:34:56.120000000Z",
    "951782400, 0, 2000-02-29T00:00:00.000000000Z",
    "-59011459200, 0, 0100-01-01T00:00:00.000000000Z",
  })
  void writesNineDigitsInUtc(long seconds, int nanos, String text) {
    assertEquals(text, Rfc3339.format(Instant.ofEpochSecond(seconds, nanos)));
  }

  @Test
  void readsWhatItWrites() {
    Random random = new Random(3339);
    for (int i = 0; i < 1_000; i++) {
      Instant instant =
          Instant.ofEpochSecond(
              random.nextLong(-62_167_219_200L, 253_402_300_800L), random.nextInt(1_000_000_000));

      assertEquals(Optional.of(instant), Rfc3339.parse(Rfc3339.format(instant)));
    }
  }
}
