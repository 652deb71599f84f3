package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.engine.Json;
import dev.limpid.proto.GuestSysctl;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kernel's bound is raised where a limit asks for more. */
class OpenFilesLimitTest {
  @ParameterizedTest
  @CsvSource({
    "1, ''",
    "1048576, ''",
    "1048577, 1048577",
    "1073741816, 1073741816",
    "2147483584, 2147483584",
    "2147483585, ''",
    "18446744073709551615, ''"
  })
  void raises(String hard, String bound) {
    Optional<GuestSysctl> sysctl =
        OpenFilesLimit.of(
            Json.config(
                "{'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':2000000},"
                    + "{'type':'RLIMIT_NOFILE','soft':1,'hard':"
                    + hard
                    + "}]}"));

    assertEquals(bound, sysctl.map(GuestSysctl::value).orElse(""));
  }

  @Test
  void withoutALimitThereIsNothingToDo() {
    assertEquals(Optional.empty(), OpenFilesLimit.of(Json.config("{}")));
  }
}
