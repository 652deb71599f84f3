package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.engine.Json;
import dev.limpid.engine.RecordingJournal;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Limits stay, but for those that are the host's to apply. */
class GuestResourcesTest {
  private static final String DEPRECATED =
      ": ignored, it is deprecated: the limit of memory holds for the kernel's too";

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
            "{'resources':{'cpu':{'shares':0,'quota':1},'memory':{'limit':0},'pids':{'limit':0}}}",
            "{'resources':{'cpu':{'quota':1},'memory':{},'pids':{}}}",
            List.of()),
        Arguments.of(
            "{'resources':{'cpu':{'quota':1,'cpus':'0-3','mems':'0','realtimeRuntime':0,'idle':0}}}",
            "{'resources':{'cpu':{'quota':1,'idle':0}}}",
            List.of()),
        Arguments.of(
            "{'resources':{'cpu':{'quota':9,'burst':5}}}",
            "{'resources':{'cpu':{'quota':9},'unified':{'cpu.max.burst':'5'}}}",
            List.of()),
        Arguments.of(
            "{'resources':{'cpu':{'burst':5},'unified':{'cpu.max.burst':'7'}}}",
            "{'resources':{'cpu':{},'unified':{'cpu.max.burst':'7'}}}",
            List.of()),
        Arguments.of(
            "{'resources':{'unified':{'io.max':'8:0 rbps=1','cpuset.cpus':'0','memory.high':'7'}}}",
            "{'resources':{'unified':{'memory.high':'7'}}}",
            List.of()),
        Arguments.of(
            "{'resources':{'blockIO':{'weight':300},'network':{},'rdma':{}}}",
            "{'resources':{}}",
            List.of()),
        Arguments.of(
            "{'resources':{'memory':{'limit':7,'disableOOMKiller':false,'useHierarchy':true,'swappiness':1,'checkBeforeUpdate':true}}}",
            "{'resources':{'memory':{'limit':7,'checkBeforeUpdate':true}}}",
            List.of()),
        Arguments.of(
            "{'resources':{'memory':{'kernel':7,'kernelTCP':8}}}",
            "{'resources':{'memory':{}}}",
            List.of(
                "warning: linux.resources.memory.kernel" + DEPRECATED,
                "warning: linux.resources.memory.kernelTCP" + DEPRECATED)));
  }

  @ParameterizedTest
  @MethodSource("sections")
  void ofTheGuest(String linux, String guest, List<String> said) {
    RecordingJournal journal = new RecordingJournal();

    assertEquals(Json.of(guest), GuestResources.ofLinux(Json.object(linux), journal));
    assertEquals(said, journal.records());
  }
}
