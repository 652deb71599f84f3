package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits that nobody could apply are refused by name; those that say nothing are not. */
class UnsupportedResourcesTest {
  private static JsonCursor resources(String json) {
    return JsonCursor.root("r", Json.of(json));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'network':{'classID':7}}|r: network.classID: 7: not supported: a virtual machine's packets have no class",
        "{'network':{'priorities':[{'name':'eth0','priority':1}]}}|r: network.priorities: not supported: a virtual machine's packets have no priorities",
        "{'rdma':{'mlx5_1':{'hcaHandles':1}}}|r: rdma.mlx5_1: not supported: a virtual machine has no RDMA devices",
        "{'cpu':{'realtimeRuntime':1}}|r: cpu.realtimeRuntime: 1: not supported: the guest's control groups, of version 2, have no real time",
        "{'cpu':{'realtimePeriod':1}}|r: cpu.realtimePeriod: 1: not supported: the guest's control groups, of version 2, have no real time",
        "{'memory':{'disableOOMKiller':true}}|r: memory.disableOOMKiller: true: not supported: the guest's control groups, of version 2, can't do that",
      })
  void areRefused(String json, String problem) {
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class, () -> UnsupportedResources.refuse(resources(json)));

    assertEquals(problem, e.getMessage().replace("[\"mlx5_1\"]", ".mlx5_1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'network':{}}",
        "{'network':{'classID':0,'priorities':[]}}",
        "{'rdma':{}}",
        "{'cpu':{'realtimeRuntime':0,'realtimePeriod':0}}",
        "{'memory':{'disableOOMKiller':false}}"
      })
  void sayNothing(String json) {
    assertDoesNotThrow(() -> UnsupportedResources.refuse(resources(json)));
  }
}
