package dev.limpid.oci.json;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The reader takes RFC 8259 and nothing else, and says where a document departs from it. */
class JsonReaderTest {
  private static final JsonReader READER = new JsonReader("d");

  /** A document and the beginning of its message, which ends in Jackson's words or in ours. */
  static List<Arguments> badDocuments() {
    return List.of(
        // No value, or more than one
        Arguments.of("", "d:1:1: empty: a JSON value is expected"),
        Arguments.of(" \t\r\n", "d:1:1: empty: a JSON value is expected"),
        Arguments.of("\ufeff{}", "d:1:1: begins with a byte order mark, which JSON does not allow"),
        Arguments.of("\ufeff", "d:1:1: begins with a byte order mark, which JSON does not allow"),
        Arguments.of("{}\ufeff", "d:1:3: not JSON: Unexpected character ('\\ufeff'"),
        Arguments.of("{}{}", "d:1:3: text after the end of the JSON value"),
        Arguments.of("1 2", "d:1:3: text after the end of the JSON value"),
        Arguments.of("{}\n\n  null", "d:3:3: text after the end of the JSON value"),
        Arguments.of("{} x", "d:1:5: not JSON: "),
        Arguments.of("{},", "d:1:3: not JSON: "),
        Arguments.of("{}]", "d:1:3: not JSON: "),
        Arguments.of("{}\0", "d:1:4: not JSON: "),
        Arguments.of("\0{}", "d:1:2: not JSON: "),
        // Cut off
        Arguments.of("{", "d:1:2: the document ends too early: it is truncated"),
        Arguments.of("[", "d:1:2: the document ends too early: it is truncated"),
        Arguments.of("[1,", "d:1:4: the document ends too early: it is truncated"),
        Arguments.of("{\"a\":1,", "d:1:8: the document ends too early: it is truncated"),
        Arguments.of("\"\\u12", "d:1:6: the document ends too early: it is truncated"),
        Arguments.of("\"\\", "d:1:3: the document ends too early: it is truncated"),
        Arguments.of("[-", "d:1:3: the document ends too early: it is truncated"),
        Arguments.of("[1.", "d:1:3: not JSON: "),
        Arguments.of("[1,\n", "d:2:1: the document ends too early: it is truncated"),
        Arguments.of("{\"a\"", "d:1:5: the document ends too early: it is truncated"),
        Arguments.of("{\"a\":", "d:1:6: the document ends too early: it is truncated"),
        Arguments.of("{\"a\":1", "d:1:7: the document ends too early: it is truncated"),
        Arguments.of("\"abc", "d:1:5: the document ends too early: it is truncated"),
        Arguments.of("tru", "d:1:4: not JSON: "),
        // Structure
        Arguments.of("[1,]", "d:1:4: not JSON: "),
        Arguments.of("[,1]", "d:1:2: not JSON: "),
        Arguments.of("[1 2]", "d:1:4: not JSON: "),
        Arguments.of("{\"a\":1,}", "d:1:8: not JSON: "),
        Arguments.of("{\"a\" 1}", "d:1:6: not JSON: "),
        Arguments.of("{a:1}", "d:1:2: not JSON: "),
        Arguments.of("{'a':1}", "d:1:2: not JSON: "),
        Arguments.of("{1:2}", "d:1:2: not JSON: "),
        Arguments.of("[1}", "d:1:3: not JSON: Unexpected close marker '}': expected ']'"),
        Arguments.of("{\"a\":1]", "d:1:7: not JSON: Unexpected close marker ']': expected '}'"),
        Arguments.of("]", "d:1:1: not JSON: "),
        Arguments.of("// c\n1", "d:1:1: not JSON: "),
        Arguments.of("/* c */1", "d:1:1: not JSON: "),
        Arguments.of("# c\n1", "d:1:1: not JSON: "),
        Arguments.of("\f1", "d:1:2: not JSON: "),
        Arguments.of("\u00a01", "d:1:1: not JSON: "),
        Arguments.of("[1\u2028]", "d:1:3: not JSON: Unexpected character ('\\u2028'"),
        // Literals and numbers
        Arguments.of("True", "d:1:5: not JSON: "),
        Arguments.of("truex", "d:1:6: not JSON: "),
        Arguments.of("undefined", "d:1:10: not JSON: "),
        Arguments.of("[NaN]", "d:1:5: not JSON: Non-standard token 'NaN'"),
        Arguments.of("[-Infinity]", "d:1:11: not JSON: Non-standard token '-Infinity'"),
        Arguments.of("[01]", "d:1:3: not JSON: "),
        Arguments.of("[-01]", "d:1:4: not JSON: "),
        Arguments.of("[1.]", "d:1:3: not JSON: "),
        Arguments.of("[.5]", "d:1:2: not JSON: "),
        Arguments.of("[+1]", "d:1:3: not JSON: "),
        Arguments.of("[-]", "d:1:3: not JSON: "),
        Arguments.of("[1e]", "d:1:3: not JSON: "),
        Arguments.of("[1e+]", "d:1:3: not JSON: "),
        Arguments.of("[0x10]", "d:1:3: not JSON: "),
        Arguments.of("1true", "d:1:2: not JSON: "),
        Arguments.of("[\u0661]", "d:1:2: not JSON: "),
        // Strings
        Arguments.of("\"\t\"", "d:1:2: not JSON: "),
        Arguments.of("\"\n\"", "d:1:2: not JSON: "),
        Arguments.of("\"\0\"", "d:1:2: not JSON: "),
        Arguments.of("\"\u001f\"", "d:1:2: not JSON: "),
        Arguments.of("{\"\u0001\":1}", "d:1:3: not JSON: "),
        Arguments.of("\"\\v\"", "d:1:3: not JSON: "),
        Arguments.of("\"\\x41\"", "d:1:3: not JSON: "),
        Arguments.of("\"\\u12\"", "d:1:6: not JSON: "),
        Arguments.of("\"\\u12g4\"", "d:1:6: not JSON: "),
        Arguments.of("'a'", "d:1:1: not JSON: "),
        // Duplicate names, however they are written
        Arguments.of("{\"a\":1,\n \"a\":2}", "d:2:2: duplicate key \"a\""),
        Arguments.of("{\"a\":1,\"\\u0061\":2}", "d:1:8: duplicate key \"a\""),
        Arguments.of("{\"\":1,\"\":2}", "d:1:7: duplicate key \"\""),
        Arguments.of("{\"a\":null,\"a\":null}", "d:1:11: duplicate key \"a\""),
        Arguments.of("[{\"x\":{\"a\\n\":[],\"a\\n\":1}}]", "d:1:17: duplicate key \"a\\n\""));
  }

  @ParameterizedTest
  @MethodSource("badDocuments")
  void refuses(String document, String message) {
    JsonSyntaxException e = assertThrows(JsonSyntaxException.class, () -> parse(document));

    assertTrue(e.getMessage().startsWith(message), e.getMessage());
    assertTrue(
        e.getMessage().startsWith("d:" + e.line() + ":" + e.column() + ": "), e.getMessage());
    assertEquals("d", e.document());
  }

  /** Nothing that a terminal acts upon, and no advice on how to program with Jackson. */
  @ParameterizedTest
  @MethodSource("badDocuments")
  void hasMessagesThatAreSafeToPrint(String document) {
    String message = assertThrows(JsonSyntaxException.class, () -> parse(document)).getMessage();

    StringBuilder safe = new StringBuilder();
    QuotedText.appendSafe(safe, message);
    assertEquals(safe.toString(), message);
    assertTrue(message.chars().noneMatch(Character::isISOControl), message);
    assertTrue(!message.contains("ALLOW_") && !message.contains("REDACTED"), message);
  }

  @ParameterizedTest
  @CsvSource({
    "\u202e, \\u202e",
    "abc\u202edef, abc\\u202edef",
    "\ud83d\ude00, \\ud83d",
  })
  void escapesWhatAMessageRepeats(String document, String shown) {
    String message = assertThrows(JsonSyntaxException.class, () -> parse(document)).getMessage();

    assertTrue(message.contains("'" + shown + "'"), message);
  }

  @ParameterizedTest
  @CsvSource({
    "22 80 22, d:1:2", // a continuation byte alone
    "22 c3 22, d:1:2", // the first half of a character
    "22 c3, d:1:2", // the same at the end
    "22 e2 82 22, d:1:2", // two thirds of a character
    "f0 9f 98, d:1:1", // three quarters, at the end
    "22 c0 af 22, d:1:2", // an overlong slash
    "22 c0 80 22, d:1:2", // an overlong NUL
    "22 e0 80 af 22, d:1:2", // a longer slash
    "22 ed a0 80 22, d:1:2", // a high surrogate
    "22 ed b0 80 22, d:1:2", // a low surrogate
    "22 f4 90 80 80 22, d:1:2", // beyond U+10FFFF
    "22 f8 88 80 80 80 22, d:1:2", // five bytes
    "ff fe 7b 00 7d 00, d:1:1", // UTF-16
    "5b 0a 20 22 e9 22 5d, d:2:3", // Latin-1, on the second line
  })
  void refusesWhatIsNotUtf8(String bytes, String location) {
    byte[] document = HexFormat.ofDelimiter(" ").parseHex(bytes);

    JsonSyntaxException e = assertThrows(JsonSyntaxException.class, () -> READER.parse(document));

    assertEquals(location + ": not valid UTF-8", e.getMessage());
  }

  @Test
  void boundsTheDepth() {
    int max = JsonReader.MAX_DEPTH;
    String within = "[".repeat(max) + "]".repeat(max);

    for (String document :
        List.of(
            "[".repeat(max + 1) + "]".repeat(max + 1),
            "[".repeat(max) + "{}" + "]".repeat(max),
            "[".repeat(1_000_000))) {
      JsonSyntaxException e = assertThrows(JsonSyntaxException.class, () -> parse(document));
      assertEquals("d:1:101: nested deeper than 100 levels", e.getMessage());
    }
    assertEquals(within, JsonWriter.compact().write(parse(within)));
    assertEquals(
        "{\"a\":".repeat(max) + "1" + "}".repeat(max),
        JsonWriter.compact().write(parse("{\"a\":".repeat(max) + "1" + "}".repeat(max))));
  }

  @Test
  void boundsTheNumberOfValues() {
    String most = "[" + "0,".repeat(JsonReader.MAX_VALUES - 2) + "0]";
    JsonArray array = (JsonArray) parse(most);
    assertEquals(JsonReader.MAX_VALUES - 1, array.elements().size());

    for (String element : List.of("0", "{}", "[]", "\"\"", "null", "{\"\":[]}")) {
      String more = "[" + (element + ",").repeat(JsonReader.MAX_VALUES) + "0]";
      JsonSyntaxException e = assertThrows(JsonSyntaxException.class, () -> parse(more));
      assertTrue(e.getMessage().endsWith(": more than 100000 values"), e.getMessage());
    }
  }

  @Test
  void boundsTheSize() throws IOException {
    JsonReader small = new JsonReader("d", 8);
    byte[] over = utf8("\"1234567\"");
    byte[] within = utf8("\"123456\"");

    for (byte[] document : List.of(over, utf8("\"éééé\""), utf8("1        "))) {
      assertTooLarge("8", () -> small.parse(document));
      assertTooLarge("8", () -> small.read(new ByteArrayInputStream(document)));
    }
    assertEquals(new JsonString("123456"), small.parse(within));
    assertEquals(new JsonString("123456"), small.read(new ByteArrayInputStream(within)));
  }

  @Test
  void boundsTheSizeByDefault() {
    int max = JsonReader.DEFAULT_MAX_BYTES;

    assertTooLarge("4194304", () -> parse(" ".repeat(max) + "1"));
    assertEquals(JsonNumber.of(1), parse(" ".repeat(max - 1) + "1"));
    assertEquals(new JsonString("x".repeat(max - 2)), parse("\"" + "x".repeat(max - 2) + "\""));
    assertEquals(
        "9".repeat(max), assertInstanceOf(JsonNumber.class, parse("9".repeat(max))).text());
  }

  @Test
  void doesNotReadAnEndlessStreamToItsEnd() {
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return '[';
          }
        };

    assertTooLarge("10", () -> new JsonReader("d", 10).read(endless));
  }

  @Test
  void readsAStreamThatComesInPieces() throws IOException {
    InputStream pieces =
        new SequenceInputStream(
            new ByteArrayInputStream(utf8("{\"a\"")), new ByteArrayInputStream(utf8(":1}")));

    assertEquals(JsonObject.empty().with("a", 1), READER.read(pieces));
  }

  @Test
  void readsAFile(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("f"), "[true]\n");

    assertThrows(NoSuchFileException.class, () -> READER.read(directory.resolve("none")));
    assertThrows(IOException.class, () -> READER.read(directory));
    assertEquals(JsonArray.of(JsonBoolean.TRUE), READER.read(file));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-0",
        "-0.0",
        "0e0",
        "1.50",
        "-1.0e-05",
        "1E+400",
        "1e-400",
        "100000000000000000000",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "0.1000000000000000055511151231257827",
        "123456789012345678901234567890.123456789012345678901234567890e+123456789012345678901"
      })
  void keepsTheTextOfNumbers(String number) {
    assertEquals(new JsonNumber(number), parse(number));
    assertEquals("[" + number + "]", JsonWriter.compact().write(parse("[" + number + "]")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1.", "1e"})
  void keepsTheTextOfVeryLongNumbers(String start) {
    String number = start + "9".repeat(100_000);

    assertEquals(new JsonNumber(number), parse(number));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "\"\\ud800\", d800",
        "\"\\udc00\\ud800\", dc00 d800",
        "\"\\ud83d\\ude00\", d83d de00",
        "\"\\uD83D\uD83D\uDE00\", d83d d83d de00",
        "\"\\u0000\", 0000",
        "\"\\/\\\\\\\"\", 002f 005c 0022",
        "\"\\b\\f\\n\\r\\t\", 0008 000c 000a 000d 0009",
        "\"\u007f\", 007f",
        "\"\ufeff\", feff",
      })
  void readsStrings(String document, String units) {
    String value = assertInstanceOf(JsonString.class, parse(document)).value();

    String[] found = new String[value.length()];
    for (int i = 0; i < found.length; i++) {
      found[i] = HexFormat.of().toHexDigits(value.charAt(i));
    }
    assertEquals(units, String.join(" ", found));
  }

  @Test
  void keepsTheOrderOfMembers() {
    JsonObject object =
        assertInstanceOf(JsonObject.class, parse("{\"b\":1,\"\":2,\"a\":{\"b\":3},\"B\":4}"));

    assertArrayEquals(new String[] {"b", "", "a", "B"}, object.members().keySet().toArray());
  }

  @Test
  void readsEveryKindOfValue() {
    assertEquals(JsonNull.NULL, parse("null"));
    assertEquals(JsonBoolean.TRUE, parse(" true "));
    assertEquals(JsonBoolean.FALSE, parse("\r\n\tfalse\n"));
    assertEquals(JsonArray.empty(), parse("[ ]"));
    assertEquals(JsonObject.empty(), parse("{ }"));
    assertEquals(new JsonString(""), parse("\"\""));
  }

  private static JsonValue parse(String document) {
    return READER.parse(utf8(document));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void assertTooLarge(String bytes, Executable reading) {
    JsonSyntaxException e = assertThrows(JsonSyntaxException.class, reading);
    assertEquals("d:1:1: larger than the " + bytes + " bytes that are allowed", e.getMessage());
  }
}
