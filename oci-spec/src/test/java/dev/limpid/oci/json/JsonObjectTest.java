package dev.limpid.oci.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Objects and arrays never change, and keep the order that they were given. */
class JsonObjectTest {
  private static final JsonObject AB = JsonObject.builder().put("a", 1).put("b", 2).build();

  @Test
  void aBuilderRefusesANameTwiceAndASecondUse() {
    JsonObject.Builder builder = JsonObject.builder().put("a", 1);

    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> builder.put("a", JsonNull.NULL));

    assertEquals("duplicate key \"a\"", e.getMessage());
    assertEquals(JsonObject.empty().with("a", 1), builder.build());
    assertThrows(IllegalStateException.class, () -> builder.put("b", 1));
  }

  @Test
  void refusesJavaNulls() {
    assertThrows(NullPointerException.class, () -> AB.with(null, 1));
    assertThrows(NullPointerException.class, () -> AB.with("a", (JsonValue) null));
    assertThrows(NullPointerException.class, () -> new JsonString(null));
    assertThrows(NullPointerException.class, () -> JsonArray.of(JsonNull.NULL, null));
    assertThrows(NullPointerException.class, () -> JsonObject.builder().put("a", (JsonValue) null));
  }

  @Test
  void doesNotLetItsInsideBeChanged() {
    List<JsonValue> elements = new ArrayList<>(List.of(JsonNull.NULL));
    JsonArray array = new JsonArray(elements);
    elements.clear();

    assertEquals(JsonArray.of(JsonNull.NULL), array);
    assertThrows(UnsupportedOperationException.class, () -> array.elements().clear());
    assertThrows(UnsupportedOperationException.class, () -> AB.members().clear());
    assertThrows(UnsupportedOperationException.class, () -> AB.members().put("c", JsonNull.NULL));
  }

  @Test
  void changesMakeANewObject() {
    JsonObject changed = AB.with("a", "x").with("c", true).without("b");

    assertEquals("{\"a\":\"x\",\"c\":true}", changed.toString());
    assertEquals("{\"a\":\"x\",\"b\":2}", AB.with("a", "x").toString());
    assertEquals("{\"a\":1,\"b\":2}", AB.toString());
    assertSame(AB, AB.without("c"));
    assertEquals(JsonArray.of(JsonNull.NULL), JsonArray.empty().with(JsonNull.NULL));
  }

  @Test
  void anAbsentMemberIsNotNull() {
    assertEquals(Optional.empty(), AB.get("c"));
    assertEquals(Optional.of(JsonNull.NULL), AB.with("c", JsonNull.NULL).get("c"));
  }

  @Test
  void isEqualInAnyOrderButNotInAnyNotation() {
    JsonObject reversed = JsonObject.builder().put("b", 2).put("a", 1).build();

    assertNotEquals(AB, AB.with("a", new JsonNumber("1.0")));
    assertNotEquals(AB, AB.without("a"));
    assertNotEquals(AB.toString(), reversed.toString());
    assertEquals(AB, reversed);
    assertEquals(AB.hashCode(), reversed.hashCode());
  }

  @Test
  void isMadeOfStrings() {
    Map<String, String> strings = new LinkedHashMap<>();
    strings.put("z", "1");
    strings.put("a", "2");

    assertEquals("{\"z\":\"1\",\"a\":\"2\"}", JsonObject.ofStrings(strings).toString());
    assertEquals(
        JsonArray.of(new JsonString("x"), new JsonString("")),
        JsonArray.ofStrings(List.of("x", "")));
  }
}
