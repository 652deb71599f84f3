package dev.limpid.manual;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.cli.Limpid;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The installed completion, in a real bash that does what its readline would do. */
class BashCompletionIT {
  private static final String COMPLETE =
      """
      set -u
      source "$1"
      shift
      specification=$(complete -p limpid)
      [[ $specification =~ -F\\ ([^ ]+) ]]
      COMP_WORDS=("$@")
      COMP_CWORD=$(($# - 1))
      COMP_LINE="$*"
      COMP_POINT=${#COMP_LINE}
      COMPREPLY=()
      set +u
      compopt() { :; } # speaks to readline, which is not there
      "${BASH_REMATCH[1]}" limpid "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """;

  /** Those for people: what only Limpid itself calls is not completed. */
  static Set<String> verbs() {
    Set<String> verbs = new TreeSet<>();
    Limpid.commandTree()
        .getSubcommands()
        .forEach(
            (name, verb) -> {
              if (!verb.getCommandSpec().usageMessage().hidden()) {
                verbs.add(name);
              }
            });
    return verbs;
  }

  @Test
  void completesAllVerbs() throws Exception {
    Set<String> completed = completions("");
    assertTrue(completed.containsAll(verbs()));
    assertFalse(completed.contains("refresh-network"));
  }

  @ParameterizedTest
  @CsvSource({"sta, start state", "check, check checkpoint", "frob, ''", "upd, update"})
  void completesTheBeginningOfAVerb(String typed, String expected) throws Exception {
    assertEquals(expected, String.join(" ", completions(typed)));
  }

  @Test
  void completesOptionsOfLimpidItself() throws Exception {
    assertEquals(Set.of("--log", "--log-format"), completions("--lo"));
  }

  @Test
  void completesVerbsBehindOptions() throws Exception {
    assertEquals(Set.of("start", "state"), completions("--root", "/run/other", "sta"));
    assertEquals(Set.of("pause"), completions("--debug", "pau"));
  }

  @ParameterizedTest
  @MethodSource("verbs")
  void completesAllOptionsOfAVerb(String verb) throws Exception {
    CommandLine command = Limpid.commandTree().getSubcommands().get(verb);
    Set<String> expected = new TreeSet<>();
    for (OptionSpec option : command.getCommandSpec().options()) {
      if (!option.hidden()) {
        expected.addAll(List.of(option.names()));
      }
    }

    assertEquals(expected, completions(verb, "-"));
  }

  @Test
  void completesOptionsBehindOptions() throws Exception {
    assertEquals(Set.of("--pid-file"), completions("run", "-b", "mybundle", "--pi"));
  }

  private static Set<String> completions(String... words) throws Exception {
    String[] command = new String[words.length + 6];
    command[0] = "bash";
    command[1] = "--norc";
    command[2] = "-s";
    command[3] = "--";
    command[4] = Tool.installed("share/bash-completion/completions/limpid").toString();
    command[5] = "limpid";
    System.arraycopy(words, 0, command, 6, words.length);
    try (InputStream script = new ByteArrayInputStream(COMPLETE.getBytes(StandardCharsets.UTF_8))) {
      Set<String> all = new TreeSet<>(List.of(Tool.output(script, command).split("\\s+")));
      all.remove("");
      return all;
    }
  }
}
