package dev.limpid.oci.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers keep their text and are integers only if they are written as integers that fit. */
class JsonNumberTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "-",
        "+1",
        "01",
        "-01",
        "00",
        ".5",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "e5",
        "1e5.0",
        "--1",
        "0x1",
        "1_000",
        "1,000",
        " 1",
        "1 ",
        "1\n",
        "NaN",
        "Infinity",
        "-Infinity",
        "١",
        "1L",
        "null"
      })
  void refuses(String text) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> new JsonNumber(text));

    assertEquals("not a JSON number: " + QuotedText.of(text), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "1.0,,",
    "1e0,,",
    "1E2,,",
    "-0.0,,",
    "99999999999999999999999999999999,,",
    "18446744073709551616,,",
    "18446744073709551615,, -1",
    "9223372036854775808,, -9223372036854775808",
    "-9223372036854775809,,",
    "-9223372036854775808, -9223372036854775808,",
    "-1, -1,",
    "-0, 0,",
    "0, 0, 0",
    "42, 42, 42",
    "9223372036854775807, 9223372036854775807, 9223372036854775807",
  })
  void isAnIntegerIfItFits(String text, Long signed, Long unsigned) {
    JsonNumber number = new JsonNumber(text);

    assertEquals(optional(signed), number.toInt64());
    assertEquals(optional(unsigned), number.toUint64());
    assertEquals(text, number.text());
  }

  @Test
  void isMadeOfJavaNumbers() {
    assertEquals("-9223372036854775808", JsonNumber.of(Long.MIN_VALUE).text());
    assertEquals("18446744073709551615", JsonNumber.ofUnsigned(-1).text());
  }

  private static OptionalLong optional(Long value) {
    return value == null ? OptionalLong.empty() : OptionalLong.of(value);
  }
}
