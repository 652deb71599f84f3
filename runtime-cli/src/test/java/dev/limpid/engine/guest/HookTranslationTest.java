package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonValue;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Hooks of the container run in the guest, those of the host do not. */
class HookTranslationTest {
  @Test
  void refusesHooksThatAreOfBoth() {
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () ->
                HookTranslation.translate(
                    Json.config("{'hooks':{'createContainer':[{'path':'/bin/true'}]}}")));

    assertEquals(
        "config.json: hooks.createContainer: can't be run: these are programs of the host in the"
            + " container's namespaces, which are in another kernel, found an array",
        e.getMessage());
  }

  static List<Arguments> translated() {
    return List.of(
        Arguments.of("{}", ""),
        Arguments.of("{'hooks':null}", ""),
        Arguments.of("{'hooks':{}}", ""),
        Arguments.of("{'hooks':{'createContainer':[]}}", ""),
        Arguments.of(
            "{'hooks':{'prestart':[{'path':'/p'}],'createRuntime':[{'path':'/c'}],"
                + "'poststart':[{'path':'/s'}],'poststop':[{'path':'/t'}],'future':[1]}}",
            ""),
        Arguments.of(
            "{'hooks':{'poststop':[{'path':'/t'}],"
                + "'startContainer':[{'path':'/p','args':['p','x'],'future':1},{'path':'/q'}]}}",
            "{'startContainer':[{'path':'/p','args':['p','x'],'future':1},{'path':'/q'}]}"));
  }

  @ParameterizedTest
  @MethodSource("translated")
  void translates(String config, String guest) {
    Optional<JsonValue> expected = guest.isEmpty() ? Optional.empty() : Optional.of(Json.of(guest));

    assertEquals(expected, HookTranslation.translate(Json.config(config)));
  }
}
