package dev.limpid.resident;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes over the socket, and what else could. */
class RequestTest {
  private static Request of(String text) throws IOException {
    return Request.of(text.replace('|', '\0').getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void isReadInItsOrder() throws IOException {
    assertEquals(
        new Request(
            "1 /home",
            022,
            4711,
            Path.of("/work"),
            List.of("--root", "", "state"),
            Map.of("LIMPID_A", "b=c", "LIMPID_E", "")),
        of("1 /home|22|4711|/work|3|--root||state|LIMPID_A=b=c|LIMPID_E=|=x|none||"));
  }

  @Test
  void theFirstOfTwoVariablesCounts() throws IOException {
    assertEquals(Map.of("A", "1"), of("i|0|1|/|0|A=1|A=2|").environment());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "|",
        "i|22|1|/|0",
        "i|22|1|/|",
        "i|22|1|/|1|",
        "i|22|1|/|-1|",
        "i|22|1|/|2147483647|a|",
        "i|22|1|/|x|",
        "i|22|1|relative|0|",
        "i|22|1||0|",
        "i|22|0|/|0|",
        "i|22|-1|/|0|",
        "i|22|99999999999999999999|/|0|",
        "i|1000|1|/|0|",
        "i|-1|1|/|0|",
        "i|9|1|/|0|",
        "i||1|/|0|"
      })
  void anythingElseIsRefused(String text) {
    assertThrows(IOException.class, () -> of(text));
  }
}
