package dev.limpid.oci.json;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Text of strangers is shown in messages without doing anything there. */
class QuotedTextTest {
  static List<Arguments> texts() {
    return List.of(
        Arguments.of("\0", "\\u0000"),
        Arguments.of("a\nb\tc\rd", "a\\nb\\tc\\u000dd"),
        Arguments.of("\u001b[31mred", "\\u001b[31mred"),
        Arguments.of("\u007f\u0085\u009b", "\\u007f\\u0085\\u009b"),
        Arguments.of("say \"hi\" \\", "say \\\"hi\\\" \\\\"),
        Arguments.of("evil\u202egpj.exe", "evil\\u202egpj.exe"),
        Arguments.of("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        Arguments.of("\u2028\u2029", "\\u2028\\u2029"),
        Arguments.of("\ue000\uffff", "\\ue000\\uffff"),
        Arguments.of("\ud800x\udc00", "\\ud800x\\udc00"),
        Arguments.of("\udb40\udc41", "\\udb40\\udc41"), // U+E0041, an invisible tag
        Arguments.of("x".repeat(65), "x".repeat(64) + "…"),
        Arguments.of("x".repeat(63) + "😀", "x".repeat(63) + "…"),
        Arguments.of("x".repeat(62) + "😀y", "x".repeat(62) + "😀…"),
        Arguments.of("x".repeat(62) + "😀", "x".repeat(62) + "😀"),
        Arguments.of("x".repeat(64), "x".repeat(64)),
        Arguments.of("", ""),
        Arguments.of("naïve 中文 😀 '$`", "naïve 中文 😀 '$`"));
  }

  @ParameterizedTest
  @MethodSource("texts")
  void quotes(String text, String shown) {
    assertEquals("\"" + shown + "\"", QuotedText.of(text));
  }
}
