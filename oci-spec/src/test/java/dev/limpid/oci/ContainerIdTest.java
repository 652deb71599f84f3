package dev.limpid.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A container's name is safe as the name of a directory and as a part of a command line. */
class ContainerIdTest {
  static List<Arguments> badIds() {
    String letters = "only letters, digits, '_', '+', '-' and '.' are allowed";
    return List.of(
        Arguments.of("", "\"\": it is empty"),
        Arguments.of(".", "\".\": it is the name of a directory"),
        Arguments.of("..", "\"..\": it is the name of a directory"),
        Arguments.of(
            "x".repeat(256), "\"" + "x".repeat(64) + "…\": it is longer than 255 characters"),
        Arguments.of("a/b", "\"a/b\": " + letters),
        Arguments.of("/", "\"/\": " + letters),
        Arguments.of("../x", "\"../x\": " + letters),
        Arguments.of("a,b", "\"a,b\": " + letters),
        Arguments.of("a b", "\"a b\": " + letters),
        Arguments.of("a\0", "\"a\\u0000\": " + letters),
        Arguments.of("a\n", "\"a\\n\": " + letters),
        Arguments.of("\u001b[2J", "\"\\u001b[2J\": " + letters),
        Arguments.of("é", "\"é\": " + letters),
        Arguments.of("٣", "\"٣\": " + letters),
        Arguments.of("a:b", "\"a:b\": " + letters),
        Arguments.of("a=b", "\"a=b\": " + letters),
        Arguments.of("$a", "\"$a\": " + letters));
  }

  @ParameterizedTest
  @MethodSource("badIds")
  void refuses(String value, String problem) {
    InvalidContainerIdException e =
        assertThrows(InvalidContainerIdException.class, () -> new ContainerId(value));

    assertEquals("invalid container ID format: " + problem, e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "Z",
        "0",
        "-",
        "_",
        "+",
        "...",
        ".hidden",
        "web-1.2_x+y",
        "3f4c1ad2b7e95d0e8a6cbb4d1f20387193f4c1ad2b7e95d0e8a6cbb4d1f20387"
      })
  void accepts(String value) {
    assertEquals(value, new ContainerId(value).value());
    assertEquals(value, new ContainerId(value).toString());
  }

  @Test
  void acceptsTheLongestNameOfADirectory() {
    String longest = "x".repeat(255);

    assertEquals(longest, new ContainerId(longest).value());
  }
}
