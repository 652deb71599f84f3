package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Finding the verb without setting all of them up. */
class VerbsTest {
  @ParameterizedTest
  @CsvSource({
    "'', ''",
    "--help, ''",
    "--root, ''",
    "--root create, ''",
    "--log --root, ''",
    "create, create",
    "frobnicate, frobnicate",
    "create start, create",
    "--debug create, create",
    "--debug=true create, create",
    "--systemd-cgroup create, create",
    "--root /x create, create",
    "--root=/x create, create",
    "--root list create, create",
    "--log /l --log-format json create web, create",
    "--trace /t create, create",
    "--trace=/t create, create",
    "--rootless auto --criu /criu create, create",
    "-v create, create"
  })
  void findsTheVerb(String arguments, String verb) {
    List<String> list = arguments.isEmpty() ? List.of() : List.of(arguments.split(" ", -1));

    assertEquals(Optional.of(verb).filter(name -> !name.isEmpty()), Verbs.called(list));
  }

  @Test
  void setsUpTheOneThatIsCalled() {
    assertEquals(
        Set.of("state"),
        Verbs.commandLineFor(new LimpidCommand(), List.of("--debug", "state", "web"))
            .getSubcommands()
            .keySet());
  }

  @Test
  void setsUpAllIfNoneIsCalled() {
    Set<String> all =
        Set.of(
            "create",
            "start",
            "run",
            "state",
            "kill",
            "ps",
            "pause",
            "resume",
            "update",
            "events",
            "exec",
            "checkpoint",
            "restore",
            "delete",
            "list",
            "spec",
            "features",
            "check",
            "layers",
            "template",
            "refresh-network",
            "resident");

    assertEquals(
        all, Verbs.commandLineFor(new LimpidCommand(), List.of()).getSubcommands().keySet());
    assertEquals(
        all,
        Verbs.commandLineFor(new LimpidCommand(), List.of("frobnicate")).getSubcommands().keySet());
  }
}
