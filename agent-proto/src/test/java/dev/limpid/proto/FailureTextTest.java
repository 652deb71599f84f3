package dev.limpid.proto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.PrintableText;
import dev.limpid.proto.frame.Frame;
import dev.limpid.proto.frame.FrameKind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a hostile guest writes, on its way to a terminal and a log. */
class FailureTextTest {
  /** Everything that is not a character to look at, but for line breaks and tabs. */
  static final Pattern ACTS = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}&&[^\\n\\t]]");

  private static final int LARGEST = 64 << 10;

  // Ill-formed ones

  static List<byte[]> brokenJson() {
    return List.of(
        utf8("  "),
        utf8("{}"),
        utf8("[]"),
        utf8("null"),
        utf8("\"code\""),
        utf8("{\"code\":\"state\"}"),
        utf8("{\"message\":\"m\"}"),
        utf8("{\"code\":null,\"message\":\"m\"}"),
        utf8("{\"code\":\"state\",\"message\":null}"),
        utf8("{\"code\":\"state\",\"message\":7}"),
        utf8("{\"code\":\"state\",\"message\":{\"a\":[]}}"),
        utf8("{\"code\":[\"state\"],\"message\":\"m\"}"),
        utf8("{\"code\":1,\"message\":\"m\"}"),
        utf8("{\"code\":\"a\",\"code\":\"b\",\"message\":\"m\"}"),
        utf8("{\"code\":\"state\",\"message\":\"m\"}{}"),
        utf8("{\"code\":\"state\",\"message\":\"m\""),
        utf8("{'code':'state','message':'m'}"),
        utf8("{\"code\":\"state\",\"message\":\"\u001b[2J\"}"),
        utf8("{\"code\":\"state\",\"message\":\"a\nb\"}"),
        utf8("{\"code\":st\u202eate}"),
        utf8("{\u202e}"),
        utf8("{\"code\":\u0007}"),
        utf8("{\"\u202e\u001b\":}"),
        utf8("{\"code\":\"state\",\"message\":\"\\ud83\u202e\"}"),
        utf8("{\"code\":" + "x".repeat(LARGEST - 8)),
        utf8("{\"code\":\"state\",\"n\":" + "1".repeat(60_000) + "}"),
        utf8("{\"code\":\"state\",\"n\":1e" + "1".repeat(60_000) + "}"),
        utf8("[".repeat(LARGEST)),
        utf8("{\"a\":".repeat(13_000)),
        message(0xff),
        message(0xc0, 0x80),
        message(0xe2, 0x82),
        message(0xed, 0xa0, 0x80),
        message(0xf4, 0x90, 0x80, 0x80),
        new byte[] {0, 0},
        new byte[] {(byte) 0xff, (byte) 0xfe, '{', 0, '}', 0},
        new byte[LARGEST]);
  }

  @ParameterizedTest
  @MethodSource("brokenJson")
  void refusesFailures(byte[] json) {
    IOException broken = assertThrows(IOException.class, () -> FailureText.of(failure(json)));
    assertSafe("broken protocol: FAILURE:", broken);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "State",
        "no process",
        "no_process",
        "state1",
        "a\\n",
        "\\u001b[2J",
        "\\u0000",
        "\\ud800",
        "\\u202e",
        "zust\u00e4nd",
        "abcdefghijklmnopqrstuvwxyz-abcdefg"
      })
  void refusesCodesThatAreNoShortWords(String code) {
    byte[] json = utf8("{\"code\":\"" + code + "\",\"message\":\"m\"}");
    IOException broken = assertThrows(IOException.class, () -> FailureText.of(failure(json)));
    assertSafe("broken protocol: FAILURE: code: must be ", broken);
  }

  static List<byte[]> brokenResults() {
    return List.of(
        utf8("[]"),
        utf8("null"),
        utf8("12"),
        utf8("{\"pid\":1"),
        utf8("{\"pid\":1}x"),
        utf8("{\"pid\":1,\"pid\":2}"),
        utf8("{\"pid\":\u202e}"),
        utf8("{\"pid\":tr\u202eue}"),
        utf8("[".repeat(1 << 20)),
        message(0xff),
        new byte[1 << 20]);
  }

  @ParameterizedTest
  @MethodSource("brokenResults")
  void refusesResults(byte[] json) {
    Frame frame = Frame.of(FrameKind.RESULT, 0, 0, 1, json);
    IOException broken = assertThrows(IOException.class, () -> FailureText.result(frame, "create"));
    assertSafe("broken protocol: RESULT of create:", broken);
  }

  // Well-formed ones

  @ParameterizedTest
  @ValueSource(
      strings = {
        "invalid",
        "state",
        "runtime",
        "system",
        "no-process",
        "vm",
        "a",
        "-",
        "abcdefghijklmnopqrstuvwxyz-abcde"
      })
  void keepsCodes(String code) throws IOException {
    FailureText text =
        FailureText.of(failure(utf8("{\"code\":\"" + code + "\",\"message\":\"\"}")));
    assertEquals(code, text.code);
    assertEquals("", text.message);
  }

  @Test
  void ignoresWhatALaterAgentMayAdd() throws IOException {
    FailureText text =
        FailureText.of(failure(utf8("{\"errno\":[5],\"message\":\"m\",\"code\":\"system\"}")));
    assertEquals("system", text.code);
    assertEquals("m", text.message);
  }

  @ParameterizedTest
  @CsvSource(
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "two lines\\nand\\ta tab,two lines|and>a tab",
        "\\r\\n,|",
        "over\\rwritten,overwritten",
        "\\u001b[31mred\\u001b[0m,?[31mred?[0m",
        "\\u001b]0;title\\u0007,?]0;title?",
        "\\u009b2J,?2J",
        "\\u0000\\u0008\\u007f,???",
        "abc\\u202edcb,abc?dcb",
        "\\u2066\\u200b\\u200f\\ufeff,????",
        "\\u2028\\u2029\\u0085,???",
        "\\ud800,?",
        "\\udc00\\ud800x,??x",
        "\\ue000\\uffff,??",
        "\\ud83d\\ude00,\ud83d\ude00",
        "\\udb40\\udc01,?",
        "g\u00fcltig \u65e5\u672c,g\u00fcltig \u65e5\u672c"
      })
  void makesMessagesSafe(String json, String shown) throws IOException {
    FailureText text =
        FailureText.of(failure(utf8("{\"code\":\"runtime\",\"message\":\"" + json + "\"}")));
    assertEquals(shown.replace('?', '\ufffd').replace('|', '\n').replace('>', '\t'), text.message);
  }

  @Test
  void leavesNothingThatATerminalActsUpon() {
    StringBuilder everything = new StringBuilder();
    for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
      // Pairs would make characters of halves
      everything.appendCodePoint(point).append(' ');
    }
    String clean = PrintableText.of(everything.toString());
    assertFalse(ACTS.matcher(clean).find());
    assertTrue(clean.contains("\n") && clean.contains("\t") && clean.contains("\u65e5"));
    assertEquals(clean, PrintableText.of(clean), "safe text stays as it is");
  }

  @Test
  void keepsTheLargestMessage() throws IOException {
    String head = "{\"code\":\"vm\",\"message\":\"";
    String message = "x".repeat(LARGEST - head.length() - 2);
    FailureText text = FailureText.of(failure(utf8(head + message + "\"}")));
    assertEquals(message, text.message);
  }

  private static void assertSafe(String beginning, IOException broken) {
    String message = broken.getMessage();
    assertTrue(message.startsWith(beginning), message);
    assertFalse(ACTS.matcher(message).find(), message);
    assertFalse(message.contains("\n"), message);
    assertTrue(message.length() < 1000, message);
  }

  private static Frame failure(byte[] json) {
    return Frame.of(FrameKind.FAILURE, 0, 0, 1, json);
  }

  private static byte[] message(int... bytes) {
    ByteArrayOutputStream json = new ByteArrayOutputStream();
    json.writeBytes(utf8("{\"code\":\"state\",\"message\":\""));
    for (int b : bytes) {
      json.write(b);
    }
    json.writeBytes(utf8("\"}"));
    return json.toByteArray();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
