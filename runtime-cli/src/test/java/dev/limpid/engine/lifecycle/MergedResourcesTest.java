package dev.limpid.engine.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.engine.Json;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What holds after an update. */
class MergedResourcesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{}|{}|{}",
        "{'pids':{'limit':3}}|{}|{'pids':{'limit':3}}",
        "{}|{'pids':{'limit':3}}|{'pids':{'limit':3}}",
        "{'cpu':{'quota':1,'period':2}}|{'cpu':{'quota':5}}|{'cpu':{'quota':5,'period':2}}",
        "{'cpu':{'quota':1,'cpus':'0'}}|{'cpu':{'quota':0,'cpus':''}}|{'cpu':{'quota':1,'cpus':'0'}}",
        "{'memory':{'limit':7}}|{'memory':{'limit':-1}}|{'memory':{'limit':-1}}",
        "{'hugepageLimits':[1]}|{'hugepageLimits':[2]}|{'hugepageLimits':[2]}",
      })
  void are(String before, String changes, String after) {
    assertEquals(Json.object(after), MergedResources.of(Json.object(before), Json.object(changes)));
  }
}
