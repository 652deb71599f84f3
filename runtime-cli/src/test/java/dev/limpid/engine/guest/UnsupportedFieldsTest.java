package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the guest would pass over in silence is refused by name. */
class UnsupportedFieldsTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = ';',
      value = {
        "process.user.username; {'process':{'user':{'uid':1,'username':'joe'}}}",
        "process.execCPUAffinity; {'process':{'execCPUAffinity':{'initial':'0'}}}",
        "linux.intelRdt; {'process':{},'linux':{'intelRdt':{}}}",
        "linux.memoryPolicy; {'process':{},'linux':{'memoryPolicy':{'mode':'MPOL_BIND'}}}",
        "linux.netDevices; {'process':{},'linux':{'netDevices':{'eth0':{}}}}",
        "linux.personality.flags; {'process':{},'linux':{'personality':{'domain':'LINUX','flags':['X']}}}",
      })
  void refuses(String path, String config) {
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class, () -> UnsupportedFields.refuse(Json.config(config)));

    assertEquals(path, e.path());
  }

  @Test
  void letsTheRestPass() {
    assertDoesNotThrow(
        () ->
            UnsupportedFields.refuse(
                Json.config(
                    "{'process':{'execCPUAffinity':null},'linux':{'netDevices':{},"
                        + "'personality':{'domain':'LINUX32','flags':[]}}}")));
  }
}
