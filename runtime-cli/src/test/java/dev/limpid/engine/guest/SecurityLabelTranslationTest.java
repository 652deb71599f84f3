package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.engine.Json;
import dev.limpid.engine.RecordingJournal;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Labels are left out, and it is said. */
class SecurityLabelTranslationTest {
  private static final String NO_MODULE = ": left out, the guest's kernel has no such module";

  static List<Arguments> processes() {
    return List.of(
        Arguments.of("{}", "{}", List.of()),
        Arguments.of("{'args':['sh'],'future':1}", "{'args':['sh'],'future':1}", List.of()),
        Arguments.of(
            "{'apparmorProfile':'docker-default','cwd':'/'}",
            "{'cwd':'/'}",
            List.of("debug: process.apparmorProfile" + NO_MODULE)),
        Arguments.of(
            "{'cwd':'/','selinuxLabel':'x','apparmorProfile':'y'}",
            "{'cwd':'/'}",
            List.of(
                "debug: process.apparmorProfile" + NO_MODULE,
                "debug: process.selinuxLabel" + NO_MODULE)));
  }

  @ParameterizedTest
  @MethodSource("processes")
  void ofTheProcess(String process, String guest, List<String> said) {
    RecordingJournal journal = new RecordingJournal();

    assertEquals(Json.of(guest), SecurityLabelTranslation.process(Json.object(process), journal));
    assertEquals(said, journal.records());
  }

  static List<Arguments> sections() {
    return List.of(
        Arguments.of("{}", "{}", List.of()),
        Arguments.of("{'mountLabels':1}", "{'mountLabels':1}", List.of()),
        Arguments.of(
            "{'mountLabel':'x','sysctl':{}}",
            "{'sysctl':{}}",
            List.of("debug: linux.mountLabel: left out, the guest's kernel has no SELinux")));
  }

  @ParameterizedTest
  @MethodSource("sections")
  void ofMounts(String linux, String guest, List<String> said) {
    RecordingJournal journal = new RecordingJournal();

    assertEquals(Json.of(guest), SecurityLabelTranslation.linux(Json.object(linux), journal));
    assertEquals(said, journal.records());
  }
}
