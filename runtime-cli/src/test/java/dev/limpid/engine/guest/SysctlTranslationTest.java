package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.proto.GuestSysctl;
import java.util.List;
import java.util.StringJoiner;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Sysctls of the container's namespaces are crun's to set, others the agent's. */
class SysctlTranslationTest {
  static List<String> wrong() {
    return List.of(
        "",
        ".",
        "..",
        "vm..x",
        "/vm/x",
        "vm/x/",
        "vm. swappiness",
        "a".repeat(256),
        "kernel.hostname");
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void refuses(String name) {
    assertThrows(
        InvalidSpecException.class,
        () ->
            SysctlTranslation.translate(
                Json.config("{'sysctl':{'" + name + "':'1'}}"), Json.config("{}")));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = ';',
      value = {
        "vm.swappiness; [ipc]; agent vm/swappiness",
        "vm/swappiness; [ipc]; agent vm/swappiness",
        "net.ipv4.ip_forward; []; crun",
        "kernel.domainname; []; crun",
        "kernel.msgmax; [ipc]; crun",
        "kernel.msgmax; []; agent kernel/msgmax",
        "kernel.shm_rmid_forced; [ipc]; crun",
        "fs.mqueue.msg_max; [ipc]; crun",
        "fs.mqueue.msg_max; []; agent fs/mqueue/msg_max",
        "kernel.core_pattern; [ipc]; agent kernel/core_pattern",
        "fs.file-max; [ipc]; agent fs/file-max",
      })
  void saysWhoSets(String name, String namespaces, String who) {
    String ipc = namespaces.strip().equals("[ipc]") ? "[{'type':'ipc'}]" : "[]";

    SysctlTranslation.Result result =
        SysctlTranslation.translate(
            Json.config("{'namespaces':" + ipc + ",'sysctl':{'" + name + "':'7'}}"),
            Json.config("{}"));

    StringJoiner found = new StringJoiner(" ");
    if (!result.container().isEmpty()) {
      assertEquals(Json.object("{'" + name + "':'7'}"), result.container());
      found.add("crun");
    }
    for (GuestSysctl sysctl : result.guest()) {
      found.add("agent").add(sysctl.name());
      assertEquals("7", sysctl.value());
    }
    assertEquals(who.strip(), found.toString());
  }
}
