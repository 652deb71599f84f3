package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** What a container has said to questions, each answer a line behind the question's name. */
final class Answers {
  /** A function of the shell: {@code ask name command…} answers in one line, whatever it says. */
  static final String ASK = "ask() { name=$1; shift; echo \"$name:\" $(\"$@\" 2>&1); }";

  /** The same for one mount: its options and those of its file system. */
  static final String MOUNT =
      "mounted() { echo \"$1:\" $(awk -v at=\"$2\" '$5 == at { line = $0 }"
          + " END { sub(/^([^ ]+ ){5}/, \"\", line); print line }' /proc/self/mountinfo); }";

  private final Map<String, String> answers = new LinkedHashMap<>();

  private Answers() {}

  /** The answers in what was written. */
  static Answers in(String text) {
    Answers answers = new Answers();
    text.lines()
        .forEach(
            line -> {
              int colon = line.indexOf(':');
              if (colon > 0) {
                answers.answers.put(line.substring(0, colon), line.substring(colon + 1).strip());
              }
            });
    return answers;
  }

  String to(String question) {
    String answer = answers.get(question);
    assertTrue(answer != null, () -> question + ": no answer among " + answers);
    return answer;
  }

  void are(String expected, String... questions) {
    for (String question : questions) {
      assertEquals(expected, to(question), question);
    }
  }

  void match(String regex, String... questions) {
    Pattern pattern = Pattern.compile(regex);
    for (String question : questions) {
      String answer = to(question);
      assertTrue(pattern.matcher(answer).find(), () -> question + ": " + answer + ": not " + regex);
    }
  }
}
