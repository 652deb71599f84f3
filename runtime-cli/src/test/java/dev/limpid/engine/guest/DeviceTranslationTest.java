package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices of the host are refused, those of every Linux pass. */
class DeviceTranslationTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "{'path':'/dev/sda','type':'b','major':8,'minor':0}",
        "{'path':'/dev/sda','type':'b','major':1,'minor':3}",
        "{'path':'/dev/kvm','type':'c','major':10,'minor':232}",
        "{'path':'/dev/mem','type':'u','major':1,'minor':1}",
      },
      delimiter = ';')
  void refuses(String device) {
    InvalidSpecException e = assertThrows(InvalidSpecException.class, () -> check(device));

    assertEquals("linux.devices[0].path", e.path());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'path':'/dev/my-null','type':'c','major':1,'minor':3}",
        "{'path':'/dev/zero','type':'u','major':1,'minor':5}",
        "{'path':'/dev/net/tun','type':'c','major':10,'minor':200}",
        "{'path':'/dev/fuse','type':'c','major':10,'minor':229}",
        "{'path':'/run/pipe','type':'p'}",
      })
  void passes(String device) {
    assertDoesNotThrow(() -> check(device));
  }

  private static void check(String device) {
    DeviceTranslation.check(
        Json.config("{'linux':{'devices':[" + device + "]}}").required("linux"));
  }
}
