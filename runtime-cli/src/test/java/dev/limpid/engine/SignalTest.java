package dev.limpid.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How users name signals. */
class SignalTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "-1",
        "+9",
        "65",
        "99",
        "100",
        "999",
        "1000",
        "4294967305",
        "9 ",
        " 9",
        "0x9",
        "9.0",
        "٩",
        "SIG",
        "SIGSIGKILL",
        "SIG9",
        "KILLL",
        "KIL",
        "NOSUCH",
        "RTMIN+",
        "RTMIN+31",
        "RTMIN+-1",
        "RTMIN-1",
        "RTMIN+99999",
        "RTMAX-31",
        "RTMAX+1",
        "RTMAX-",
        "RTMIN +1",
        "SIGKILL\n"
      })
  void refuses(String text) {
    EngineException e = assertThrows(EngineException.class, () -> Signal.parse(text));

    assertEquals("unknown signal \"" + text + "\"", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void refusesNumbers(int number) {
    assertThrows(IllegalArgumentException.class, () -> new Signal(number));
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "1,1",
    "09,9",
    "9,9",
    "32,32",
    "33,33",
    "64,64",
    "HUP,1",
    "INT,2",
    "QUIT,3",
    "ILL,4",
    "TRAP,5",
    "ABRT,6",
    "IOT,6",
    "BUS,7",
    "FPE,8",
    "KILL,9",
    "USR1,10",
    "SEGV,11",
    "USR2,12",
    "PIPE,13",
    "ALRM,14",
    "TERM,15",
    "STKFLT,16",
    "CHLD,17",
    "CLD,17",
    "CONT,18",
    "STOP,19",
    "TSTP,20",
    "TTIN,21",
    "TTOU,22",
    "URG,23",
    "XCPU,24",
    "XFSZ,25",
    "VTALRM,26",
    "PROF,27",
    "WINCH,28",
    "IO,29",
    "POLL,29",
    "PWR,30",
    "SYS,31",
    "SIGKILL,9",
    "sigkill,9",
    "kill,9",
    "SigKill,9",
    "RTMIN,34",
    "SIGRTMIN,34",
    "RTMIN+0,34",
    "SIGRTMIN+3,37",
    "rtmin+30,64",
    "RTMAX,64",
    "SIGRTMAX-1,63",
    "RTMAX-30,34"
  })
  void finds(String text, int number) {
    assertEquals(new Signal(number), Signal.parse(text));
  }

  @Test
  void doesNotDependOnTheLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("tr"));
    try {
      assertEquals(new Signal(2), Signal.parse("sigint"));
    } finally {
      Locale.setDefault(before);
    }
  }
}
