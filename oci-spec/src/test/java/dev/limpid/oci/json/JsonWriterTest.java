package dev.limpid.oci.json;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The writer's text is JSON in the order and with the numbers of the tree. */
class JsonWriterTest {
  private static final JsonObject TREE =
      JsonObject.builder()
          .put("z", "text")
          .put("a", new JsonNumber("1.50"))
          .put("none", JsonNull.NULL)
          .put(
              "list",
              JsonArray.of(JsonBoolean.TRUE, JsonBoolean.FALSE, JsonObject.empty().with("k", -1)))
          .put("emptyList", JsonArray.empty())
          .put("emptyObject", JsonObject.empty())
          .build();

  @Test
  void refusesAnEmptyIndentation() {
    assertThrows(IllegalArgumentException.class, () -> JsonWriter.indented(""));
  }

  @Test
  void writesCompactly() {
    assertEquals(
        "{\"z\":\"text\",\"a\":1.50,\"none\":null,\"list\":[true,false,{\"k\":-1}],"
            + "\"emptyList\":[],\"emptyObject\":{}}",
        JsonWriter.compact().write(TREE));
  }

  @Test
  void writesIndented() {
    assertEquals(
        """
        {
          "z": "text",
          "a": 1.50,
          "none": null,
          "list": [
            true,
            false,
            {
              "k": -1
            }
          ],
          "emptyList": [],
          "emptyObject": {}
        }""",
        JsonWriter.indented("  ").write(TREE));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "\0|\"\\u0000\"",
        "\u0007\u001b|\"\\u0007\\u001b\"",
        "\u001f |\"\\u001f \"",
        "\u007f|\"\\u007f\"",
        "\"\\/|\"\\\"\\\\/\"",
        "a\tb|\"a\\tb\"",
        "\ud800|\"\\ud800\"",
        "\udc00x|\"\\udc00x\"",
        "\ud800\ud83d\ude00\udc00|\"\\ud800\ud83d\ude00\\udc00\"",
        "\ude00\ud83d|\"\\ude00\\ud83d\"",
        "é中😀\u2028|\"é中😀\u2028\"",
      },
      delimiter = '|')
  void escapesWhatHasToBe(String text, String json) {
    assertEquals(json, JsonWriter.compact().write(new JsonString(text)));
    assertEquals(
        "{" + json + ":" + json + "}",
        JsonWriter.compact().write(JsonObject.empty().with(text, text)));
  }

  @Test
  void escapesLineBreaks() {
    assertEquals("\"\\r\\n\"", JsonWriter.compact().write(new JsonString("\r\n")));
  }

  @Test
  void writesUtf8() {
    assertArrayEquals(
        "[\"é😀\\ud83d\"]".getBytes(StandardCharsets.UTF_8),
        JsonWriter.compact().writeBytes(JsonArray.of(new JsonString("é😀\ud83d"))));
  }
}
