package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.engine.Json;
import dev.limpid.engine.RecordingJournal;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Limits stay, the host's processors go, and it is said. */
class GuestResourcesTest {
  private static final String GONE = ": left out, it names parts of the host, not of the VM";

  static List<Arguments> sections() {
    return List.of(
        Arguments.of("{}", "{}", List.of()),
        Arguments.of("{'resources':{}}", "{'resources':{}}", List.of()),
        Arguments.of("{'resources':null}", "{'resources':null}", List.of()),
        Arguments.of(
            "{'resources':{'cpu':{'quota':1},'pids':{'limit':2}}}",
            "{'resources':{'cpu':{'quota':1},'pids':{'limit':2}}}",
            List.of()),
        Arguments.of(
            "{'resources':{'cpu':{'shares':0,'quota':1},'memory':{'limit':0,'swappiness':0},'pids':{'limit':0}}}",
            "{'resources':{'cpu':{'quota':1},'memory':{'swappiness':0},'pids':{}}}",
            List.of()),
        Arguments.of(
            "{'resources':{'cpu':{'quota':1,'cpus':'0-3','mems':'0'}}}",
            "{'resources':{'cpu':{'quota':1}}}",
            List.of(
                "debug: linux.resources.cpu.cpus" + GONE,
                "debug: linux.resources.cpu.mems" + GONE)));
  }

  @ParameterizedTest
  @MethodSource("sections")
  void ofTheGuest(String linux, String guest, List<String> said) {
    RecordingJournal journal = new RecordingJournal();

    assertEquals(Json.of(guest), GuestResources.ofLinux(Json.object(linux), journal));
    assertEquals(said, journal.records());
  }
}
