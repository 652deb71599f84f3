package dev.limpid.oci.json;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever tree is written is read again as the same tree, and no byte of it can be left out. */
class JsonRoundTripTest {
  private static final int TREES = 2_000;
  private static final int MAX_DEPTH = 5;
  private static final String[] NUMBERS = {
    "0", "-0", "1.50", "1e400", "18446744073709551615", "-9223372036854775809", "0.000", "2E-7"
  };
  private static final String EDGES =
      "\0\b\t\n\u001f \"\\/\u007f\u0080\u07ff\u0800\u2028\ud800\udbff\udc00\udfff\ufeff\uffff";

  private static final JsonReader READER = new JsonReader("random");

  @ParameterizedTest
  @ValueSource(strings = {"", "\t", "    "})
  void keepsTheTreeAndTheText(String indent) {
    JsonWriter writer = indent.isEmpty() ? JsonWriter.compact() : JsonWriter.indented(indent);
    RandomGenerator random = new Random(20250301);
    for (int i = 0; i < TREES; i++) {
      JsonValue tree = value(random, 0);
      byte[] written = writer.writeBytes(tree);

      JsonValue read = READER.parse(written);

      assertEquals(tree, read);
      assertEquals(tree.hashCode(), read.hashCode());
      // Equal objects may be in another order; equal texts may not.
      assertArrayEquals(written, writer.writeBytes(read));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aDocumentThatIsCutOffOrChangedIsReadOrRefusedAndNothingElse(long seed) {
    RandomGenerator random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < TREES; i++) {
      byte[] bytes = JsonWriter.compact().writeBytes(JsonArray.of(value(random, 0)));
      byte[] cut = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      byte[] changed = bytes.clone();
      changed[random.nextInt(bytes.length)] = (byte) random.nextInt(256);

      assertTrue(isRefused(cut), () -> new String(cut, StandardCharsets.UTF_8));
      refused += isRefused(changed) ? 1 : 0;
    }
    assertTrue(refused > TREES / 4 && refused < TREES, "refused: " + refused);
  }

  private static boolean isRefused(byte[] document) {
    try {
      READER.parse(document);
      return false;
    } catch (JsonSyntaxException e) {
      return true;
    }
  }

  private static JsonValue value(RandomGenerator random, int depth) {
    // Below the last level there are no more arrays and objects.
    return switch (random.nextInt(depth < MAX_DEPTH ? 8 : 5)) {
      case 0 -> JsonNull.NULL;
      case 1 -> JsonBoolean.of(random.nextBoolean());
      case 2 -> number(random);
      case 3, 4 -> new JsonString(text(random));
      case 5 -> array(random, depth);
      default -> object(random, depth);
    };
  }

  private static JsonNumber number(RandomGenerator random) {
    return switch (random.nextInt(4)) {
      case 0 -> JsonNumber.of(random.nextLong());
      case 1 -> JsonNumber.ofUnsigned(random.nextLong());
      case 2 -> new JsonNumber(Double.toString(random.nextDouble() * 1e300));
      default -> new JsonNumber(NUMBERS[random.nextInt(NUMBERS.length)]);
    };
  }

  private static String text(RandomGenerator random) {
    StringBuilder text = new StringBuilder();
    for (int length = random.nextInt(12); length > 0; length--) {
      switch (random.nextInt(4)) {
        case 0 -> text.append(EDGES.charAt(random.nextInt(EDGES.length())));
        case 1 -> text.appendCodePoint(random.nextInt(Character.MAX_CODE_POINT + 1));
        case 2 -> text.append((char) random.nextInt(Character.MAX_VALUE + 1));
        default -> text.append((char) ('a' + random.nextInt(26)));
      }
    }
    return text.toString();
  }

  private static JsonArray array(RandomGenerator random, int depth) {
    List<JsonValue> elements = new ArrayList<>();
    for (int length = random.nextInt(6); length > 0; length--) {
      elements.add(value(random, depth + 1));
    }
    return new JsonArray(elements);
  }

  private static JsonObject object(RandomGenerator random, int depth) {
    JsonObject object = JsonObject.empty();
    for (int length = random.nextInt(6); length > 0; length--) {
      object = object.with(text(random), value(random, depth + 1));
    }
    return object;
  }
}
