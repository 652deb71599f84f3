package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A filter that asks somebody on the host is refused. */
class SeccompRestrictionTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = ';',
      value = {
        "listenerPath; 'listenerPath':'/s'",
        "listenerMetadata; 'listenerMetadata':'x'",
        "defaultAction; 'defaultAction':'SCMP_ACT_NOTIFY'",
        "syscalls[1].action; 'syscalls':[{'action':'SCMP_ACT_LOG'},{'action':'SCMP_ACT_NOTIFY'}]",
        "flags[1]; 'flags':['SECCOMP_FILTER_FLAG_LOG','SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV']",
      })
  void refuses(String path, String members) {
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () -> SeccompRestriction.check(Json.config("{'seccomp':{" + members.strip() + "}}")));

    assertEquals("seccomp." + path, e.path());
  }

  @Test
  void letsTheRestPass() {
    assertDoesNotThrow(
        () -> {
          SeccompRestriction.check(Json.config("{}"));
          SeccompRestriction.check(
              Json.config(
                  "{'seccomp':{'defaultAction':'SCMP_ACT_ERRNO','listenerPath':'',"
                      + "'flags':['SECCOMP_FILTER_FLAG_TSYNC']}}"));
        });
  }
}
