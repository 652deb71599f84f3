package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.proto.TimeOffsets;
import dev.limpid.proto.TimeOffsets.Offset;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A time namespace is made by the agent, with the offsets that are asked for. */
class TimeTranslationTest {
  private static final String OWN = "{'namespaces':[{'type':'time'}]";

  @Test
  void offsetsNeedANamespace() {
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () ->
                TimeTranslation.translate(
                    Json.config("{'namespaces':[],'timeOffsets':{'boottime':{'secs':1}}}")));

    assertEquals("timeOffsets", e.path());
  }

  @Test
  void withoutANamespaceThereIsNothingToDo() {
    assertEquals(Optional.empty(), TimeTranslation.translate(Json.config("{'timeOffsets':{}}")));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = ';',
      value = {
        "}; 0; 0; 0; 0",
        ",'timeOffsets':{'monotonic':{'secs':-7,'nanosecs':5}}}; -7; 5; 0; 0",
        ",'timeOffsets':{'boottime':{'nanosecs':999999999},'monotonic':null}}; 0; 0; 0; 999999999",
      })
  void offsetsAreTheAgents(String more, long a, int b, long c, int d) {
    assertEquals(
        Optional.of(new TimeOffsets(new Offset(a, b), new Offset(c, d))),
        TimeTranslation.translate(Json.config(OWN + more.strip())));
  }
}
