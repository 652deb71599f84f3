package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.EngineException;
import dev.limpid.engine.Json;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits that no kernel takes. */
class LimitBoundsTest {
  private static Resources resources(String json) {
    return ConfigParser.parseResources("r", Json.object(json));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{'cpu':{'quota':999}}|cpu.quota: 999: must be at least 1000 microseconds",
        "{'cpu':{'period':999}}|cpu.period: 999: must be from 1000 to 1000000 microseconds",
        "{'cpu':{'period':1000001}}|cpu.period: 1000001: must be from 1000 to 1000000 microseconds",
        "{'cpu':{'quota':5000,'burst':5001}}|cpu.burst: 5001: must not be more than cpu.quota, and that is 5000",
        "{'cpu':{'cpus':'0,99999'}}|cpu.cpus: 0,99999: the host has no processor 99999",
        "{'cpu':{'mems':'0-9999'}}|cpu.mems: 0-9999: the host has no memory node",
        "{'memory':{'swap':5}}|memory.swap: 5: includes memory.limit, which is not set",
        "{'memory':{'limit':6,'swap':5}}|memory.swap: 5: includes memory.limit, and that is 6",
      })
  void areRefused(String json, String message) {
    EngineException e =
        assertThrows(EngineException.class, () -> LimitBounds.check("r: ", resources(json)));

    // Which nodes there are is the host's affair.
    assertEquals("r: " + message, e.getMessage().replaceFirst("(memory node) [0-9]+", "$1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'cpu':{'quota':0,'period':0,'burst':7}}",
        "{'cpu':{'quota':-1,'period':1000,'burst':7}}",
        "{'cpu':{'quota':1000,'period':1000000,'burst':1000}}",
        "{'cpu':{'cpus':'0','mems':'0'}}",
        "{'memory':{'limit':5,'swap':5}}",
        "{'memory':{'limit':-1,'swap':5}}",
        "{'memory':{'limit':5,'swap':-1}}",
        "{'memory':{'limit':5,'swap':0}}",
        "{'memory':{'swap':-1}}",
      })
  void areNotRefused(String json) {
    assertDoesNotThrow(() -> LimitBounds.check("r: ", resources(json)));
  }
}
