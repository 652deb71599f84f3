package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** crun's words, and what callers look for in runc's. */
class GuestErrorWordingTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '^',
      delimiter = '|',
      value = {
        "executable file `nope` not found in $PATH: No such file or directory | nope"
            + " | exec: \"nope\": executable file not found in $PATH",
        "executable file `/nope` not found: No such file or directory | /nope"
            + " | exec: \"/nope\": stat /nope: no such file or directory",
        "open executable: Permission denied | /etc/passwd"
            + " | exec: \"/etc/passwd\": permission denied",
        "open executable: Operation not permitted | /etc | exec: \"/etc\": permission denied",
        "open executable: Input/output error | /x | open executable: input/output error",
        "chdir `/none`: No such file or directory | sh"
            + " | chdir `/none`: no such file or directory",
        "mount `proc` to `proc`: Operation not permitted | sh"
            + " | mount `proc` to `proc`: operation not permitted",
        "something else | sh | something else",
        "Ends with a colon: | sh | Ends with a colon:",
        "^^ | sh | ^^"
      })
  void translates(String crun, String program, String runc) {
    assertEquals(runc, GuestErrorWording.ofRuntime(crun, program));
  }
}
