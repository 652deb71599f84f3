package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.engine.Json;
import dev.limpid.oci.config.ConfigParser;
import dev.limpid.oci.config.Resources;
import dev.limpid.oci.json.JsonObject;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is changed alone, and what holds beside it. */
class CompletedChangesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{}|{'cpu':{'quota':5}}|{'cpu':{'quota':5,'period':100000}}",
        "{'cpu':{'period':7}}|{'cpu':{'quota':5}}|{'cpu':{'quota':5,'period':7}}",
        "{'cpu':{'period':0}}|{'cpu':{'quota':5,'period':0}}|{'cpu':{'quota':5,'period':100000}}",
        "{}|{'cpu':{'period':7}}|{'cpu':{'period':7,'quota':-1}}",
        "{'cpu':{'quota':5}}|{'cpu':{'period':7}}|{'cpu':{'period':7,'quota':5}}",
        "{'cpu':{'quota':5,'period':6}}|{'cpu':{'shares':7}}|{'cpu':{'shares':7}}",
        "{'cpu':{'quota':5,'period':6}}|{'cpu':{'quota':1,'period':2}}|{'cpu':{'quota':1,'period':2}}",
        "{'memory':{'limit':5}}|{'memory':{'swap':7}}|{'memory':{'swap':7,'limit':5}}",
        "{'memory':{'limit':5}}|{'memory':{'limit':0,'swap':7}}|{'memory':{'limit':5,'swap':7}}",
        "{}|{'memory':{'swap':7}}|{'memory':{'swap':7}}",
        "{'memory':{'limit':5,'swap':6}}|{'memory':{'limit':4}}|{'memory':{'limit':4,'swap':6}}",
        "{'memory':{'limit':5,'swap':6}}|{'memory':{'limit':-1}}|{'memory':{'limit':-1,'swap':-1}}",
        "{'memory':{'limit':5}}|{'memory':{'limit':4}}|{'memory':{'limit':4}}",
        "{'memory':{'limit':5,'swap':6}}|{'memory':{'reservation':1}}|{'memory':{'reservation':1}}",
        "{'memory':{'limit':5,'swap':6}}|{'memory':{'limit':1,'swap':2}}|{'memory':{'limit':1,'swap':2}}",
      })
  void areTold(String before, String changes, String complete) {
    Resources held = ConfigParser.parseResources("r", Json.object(before));

    JsonObject both =
        CompletedChanges.withMemory(
            CompletedChanges.withBandwidth(Json.object(changes), held.cpu()), held.memory());

    assertEquals(Json.of(complete), both);
  }
}
