package dev.limpid.oci.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A cursor gives values as the types that are expected, or the path and both kinds. */
class JsonCursorTest {
  static List<Arguments> wrongUses() {
    return List.of(
        use(JsonCursor::asObject, "1", "must be an object, found a number"),
        use(JsonCursor::members, "[]", "must be an object, found an array"),
        use(JsonCursor::elements, "{}", "must be an array, found an object"),
        use(JsonCursor::asString, "null", "must be a string, found null"),
        use(JsonCursor::asStrings, "\"x\"", "must be an array, found a string"),
        use(JsonCursor::asBoolean, "\"true\"", "must be a boolean, found a string"),
        use(JsonCursor::asInt32, "true", "must be a number, found a boolean"),
        use(
            JsonCursor::asInt32,
            "2147483648",
            "must be an integer from -2147483648 to 2147483647, found 2147483648"),
        use(
            JsonCursor::asInt32,
            "-2147483649",
            "must be an integer from -2147483648 to 2147483647, found -2147483649"),
        use(JsonCursor::asUint32, "-1", "must be an integer from 0 to 4294967295, found -1"),
        use(JsonCursor::asUint32, "1.0", "must be an integer from 0 to 4294967295, found 1.0"),
        use(
            JsonCursor::asInt64,
            "1e3",
            "must be an integer from -9223372036854775808 to 9223372036854775807, found 1e3"),
        use(
            JsonCursor::asUint64,
            "-0",
            "must be an integer from 0 to 18446744073709551615, found -0"),
        use(
            c -> c.asInteger(1, 2),
            "9".repeat(41),
            "must be an integer from 1 to 2, found " + "9".repeat(40) + "…"),
        use(c -> c.required("k"), "[]", "must be an object, found an array"),
        use(c -> c.optional("k"), "\"\"", "must be an object, found a string"));
  }

  @ParameterizedTest
  @MethodSource("wrongUses")
  void refuses(Consumer<JsonCursor> use, String json, String problem) {
    JsonCursor cursor = cursor("{\"x\": [" + json + "]}").required("x").elements().get(0);

    InvalidSpecException e = assertThrows(InvalidSpecException.class, () -> use.accept(cursor));

    assertEquals("d: x[0]: " + problem, e.getMessage());
    assertEquals("x[0]", e.path());
    assertEquals("d", e.document());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "plain_9 | plain_9",
        "with.dot | [\"with.dot\"]",
        "with-dash | [\"with-dash\"]",
        "` ` | [\" \"]",
        "a/b | [\"a/b\"]",
        "é | [\"é\"]",
        "\u202e | [\"\\u202e\"]",
        "[0] | [\"[0]\"]",
      })
  void pathsAreUnambiguous(String key, String path) {
    JsonCursor root = JsonCursor.root("d", JsonObject.empty().with(key, JsonObject.empty()));

    InvalidSpecException missing =
        assertThrows(InvalidSpecException.class, () -> root.required(key).required("sub"));
    assertEquals(path + ".sub", missing.path());
    assertEquals(path, root.required(key).path());
    assertEquals(key, root.required(key).key());
  }

  @Test
  void longKeysAreShortenedInPaths() {
    JsonCursor root = JsonCursor.root("d", JsonObject.empty().with("k".repeat(65), 1));

    assertEquals("[\"" + "k".repeat(64) + "…\"]", root.members().get(0).path());
  }

  @Test
  void theRootHasNoPath() {
    JsonCursor root = cursor("[]");

    InvalidSpecException e = assertThrows(InvalidSpecException.class, root::asString);

    assertEquals("d: must be a string, found an array", e.getMessage());
    assertEquals("", root.path());
    assertEquals("d: odd", root.remark("odd"));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "\"a\\nb\" | \"a\\nb\"",
        "1.50 | 1.50",
        "false | false",
        "true | true",
        "[] | an empty array",
        "[1] | an array",
        "{} | an object",
        "null | null",
      })
  void showsWhatWasFound(String json, String shown) {
    assertEquals(
        "d: must be better, found " + shown, cursor(json).invalid("must be better").getMessage());
  }

  @Test
  void aRefusalShowsNothingOfTheValue() {
    assertEquals(
        "d: a[1]: /data does not exist",
        cursor("{\"a\": [0, \"secret\"]}")
            .required("a")
            .elements()
            .get(1)
            .refused("/data does not exist")
            .getMessage());
  }

  @Test
  void whatIsNullOrAbsentIsNotThere() {
    for (String json : List.of("{}", "{\"k\": null}")) {
      JsonCursor cursor = cursor(json);
      InvalidSpecException e =
          assertThrows(InvalidSpecException.class, () -> cursor.requiredString("k"));
      assertEquals("d: k: is required, but missing", e.getMessage());
      assertTrue(cursor.optional("k").isEmpty());
      assertEquals(Optional.empty(), cursor.optionalString("k"));
      assertFalse(cursor.optionalBoolean("k"));
      assertEquals(OptionalLong.empty(), cursor.optionalUint32("k"));
      assertEquals(OptionalLong.empty(), cursor.optionalInt64("k"));
      assertEquals(OptionalLong.empty(), cursor.optionalUint64("k"));
      assertEquals(List.of(), cursor.optionalElements("k"));
      assertEquals(List.of(), cursor.optionalMembers("k"));
    }
  }

  @Test
  void whatIsThereHasItsValue() {
    JsonCursor cursor =
        cursor(
            "{\"s\": \"x\", \"b\": true, \"i\": -9223372036854775808,"
                + " \"u\": 18446744073709551615, \"w\": 4294967295, \"l\": [\"a\", \"\"]}");

    assertEquals("x", cursor.requiredString("s"));
    assertEquals(Optional.of("x"), cursor.optionalString("s"));
    assertTrue(cursor.optionalBoolean("b"));
    assertEquals(OptionalLong.of(Long.MIN_VALUE), cursor.optionalInt64("i"));
    assertEquals(OptionalLong.of(-1), cursor.optionalUint64("u"));
    assertEquals(OptionalLong.of(0xffff_ffffL), cursor.optionalUint32("w"));
    assertEquals(List.of("a", ""), cursor.required("l").asStrings());
    assertEquals("l[1]", cursor.optionalElements("l").get(1).path());
    assertEquals(6, cursor.members().size());
  }

  private static Arguments use(Consumer<JsonCursor> use, String json, String problem) {
    return Arguments.of(use, json, problem);
  }

  private static JsonCursor cursor(String json) {
    return JsonCursor.root("d", new JsonReader("d").parse(json.getBytes(StandardCharsets.UTF_8)));
  }
}
