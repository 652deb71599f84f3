package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Command lines that are wrong, and the help against it. */
class UsageTest {
  private static final String ID =
      "invalid container ID format: \"a/b\": only letters, digits, '_', '+', '-' and '.' are"
          + " allowed";

  @TempDir private Path folder;

  static List<Arguments> wrong() {
    return List.of(
        Arguments.of("frobnicate", "limpid: Unmatched argument at index 0: 'frobnicate'", "limpid"),
        Arguments.of("--frobnicate list", "limpid: Unknown option: '--frobnicate'", "limpid"),
        Arguments.of("list --frobnicate", "limpid: Unknown option: '--frobnicate'", "limpid list"),
        Arguments.of("list web", "limpid: Unmatched argument at index 1: 'web'", "limpid list"),
        Arguments.of(
            "--root", "limpid: Missing required parameter for option '--root' (DIR)", "limpid"),
        Arguments.of("create", "limpid: Missing required parameter: 'ID'", "limpid create"),
        Arguments.of("--debug create", "limpid: Missing required parameter: 'ID'", "limpid create"),
        Arguments.of(
            "--systemd-cgroup create", "limpid: Missing required parameter: 'ID'", "limpid create"),
        Arguments.of(
            "--debug --systemd-cgroup --root /x state",
            "limpid: Missing required parameter: 'ID'",
            "limpid state"),
        Arguments.of(
            "layers", "limpid: Missing required parameter: 'list|prune|verify'", "limpid layers"),
        Arguments.of(
            "template",
            "limpid: Missing required parameter: 'build|list|remove|verify'",
            "limpid template"),
        Arguments.of("create a b", "limpid: Unmatched argument at index 2: 'b'", "limpid create"),
        Arguments.of(
            "create --preserve-fds x web",
            "limpid: Invalid value for option '--preserve-fds': 'x' is not an int",
            "limpid create"),
        Arguments.of(
            "kill web TERM again", "limpid: Unmatched argument at index 3: 'again'", "limpid kill"),
        Arguments.of(
            "start a/b",
            "limpid: Invalid value for positional parameter at index 0 (ID): " + ID,
            "limpid start"),
        Arguments.of(
            "--debug=perhaps list",
            "limpid: Invalid value for option '--debug': 'perhaps' is not a boolean",
            "limpid"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void saysWhatIsWrongAndWhereHelpIs(String arguments, String problem, String command) {
    Outcome outcome = Outcome.of(folder, arguments.split(" ", -1));

    assertEquals(new Outcome(1, "", problem + "\nSee '" + command + " --help'.\n"), outcome);
  }

  @ParameterizedTest
  @CsvSource({
    "--rootless true, '--rootless=true: not supported, a VM''s network and devices need root'",
    "--log-format xml, --log-format: xml: must be text or json"
  })
  void refusesValuesOfGlobalOptions(String option, String problem) {
    String[] words = option.split(" ", -1);

    assertEquals(
        new Outcome(1, "", "limpid: " + problem + "\n"),
        Outcome.of(folder, words[0], words[1], "list"));
    assertEquals(
        new Outcome(1, "", "limpid: " + problem + "\n"),
        Outcome.of(folder, words[0] + "=" + words[1], "list"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--debug",
        "--debug=true",
        "--debug=false",
        "--systemd-cgroup",
        "--systemd-cgroup=true",
        "--rootless auto",
        "--rootless=false",
        "--criu /usr/bin/criu",
        "--log-format json",
        "--log-format=text",
        "--root x"
      })
  void takesGlobalOptions(String option) {
    String[] arguments = ("--root here " + option + " list -q").split(" ", -1);
    if (option.startsWith("--root ")) {
      arguments = (option + " list -q").split(" ", -1);
    }

    assertEquals(new Outcome(0, "", ""), Outcome.of(folder, arguments));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--debug", "--systemd-cgroup", "--debug --systemd-cgroup"})
  void switchesDoNotSwallowTheVerb(String switches) {
    Outcome outcome =
        Outcome.of(folder, ("--root " + folder + " " + switches + " create web").split(" ", -1));

    assertEquals(
        new Outcome(
            1,
            "",
            "limpid: JSON specification file "
                + folder.resolve("config.json")
                + " not found: a bundle has one; see 'limpid spec'\n"),
        outcome);
  }

  @ParameterizedTest
  @ValueSource(strings = {"create", "run"})
  void refusesToPassDescriptorsOn(String verb) {
    assertEquals(
        new Outcome(
            1,
            "",
            "limpid: --preserve-fds: 3: not supported, an open file of the host can't be passed"
                + " into a virtual machine\n"),
        Outcome.of(folder, "--root", "x", verb, "--preserve-fds", "3", "web"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create",
        "start",
        "run",
        "state",
        "kill",
        "delete",
        "list",
        "spec",
        "features",
        "check",
        "ps",
        "pause",
        "resume",
        "update",
        "events",
        "exec",
        "checkpoint",
        "restore"
      })
  void everyVerbHasHelp(String verb) {
    for (String option : List.of("-h", "--help")) {
      Outcome outcome = Outcome.of(folder, verb, option);

      assertEquals(0, outcome.status());
      assertEquals("", outcome.err());
      assertTrue(outcome.out().contains("Usage: limpid " + verb), outcome.out());
      assertFalse(outcome.out().contains("DEFAULT-VALUE"), outcome.out());
      assertTrue(outcome.out().contains("--help"), outcome.out());
    }
  }

  @Test
  void withoutAVerbAllAreShown() {
    Outcome outcome = Outcome.of(folder);

    assertEquals(outcome, Outcome.of(folder, "--help"));
    assertEquals(outcome, Outcome.of(folder, "-h"));
    assertEquals(0, outcome.status());
    assertEquals("", outcome.err());
    for (String verb :
        List.of(
            "create",
            "start",
            "run",
            "state",
            "kill",
            "delete",
            "list",
            "spec",
            "features",
            "check",
            "ps",
            "pause",
            "resume",
            "update",
            "events",
            "exec",
            "checkpoint",
            "restore")) {
      assertTrue(outcome.out().contains("\n  " + verb + " "), verb + " in " + outcome.out());
    }
    assertFalse(outcome.out().contains("--criu"), outcome.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"-v", "--version"})
  void theVersionHasThreeLines(String option) {
    Outcome outcome = Outcome.of(folder, option);

    assertEquals(0, outcome.status());
    assertEquals("", outcome.err());
    assertTrue(
        outcome
            .out()
            .matches(
                "limpid version [0-9]+[.][0-9]+[.][0-9]+\\S*\ncommit: \\w+\nspec: 1[.]2[.]0\n"),
        outcome.out());
  }
}
