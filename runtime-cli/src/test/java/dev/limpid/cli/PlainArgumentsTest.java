package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** What is read without picocli is what picocli would have read. */
class PlainArgumentsTest {
  /** The verbs that engines call. */
  private static final List<String> PLAIN =
      List.of(
          "create",
          "start",
          "run",
          "exec",
          "state",
          "kill",
          "ps",
          "pause",
          "resume",
          "update",
          "events",
          "delete",
          "list",
          "features",
          "refresh-network");

  /** As containerd, Docker, podman and CRI-O write them. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "--root /r --log /l --log-format json create --bundle /b --pid-file /p --no-pivot web",
        "--root /r --log /l --log-format json --systemd-cgroup create --bundle /b"
            + " --console-socket /c --no-new-keyring web",
        "--root=/r --log=/l --log-format=json --debug create --bundle=/b --preserve-fds=0 web",
        "--root /r --debug=false --systemd-cgroup=true --rootless=false start web",
        "create --bundle /b --pid-file /p web",
        "run -d --bundle /b web",
        "run --keep --no-subreaper web",
        "exec --process /p --console-socket /c --detach --pid-file /q web",
        "exec -t -e A=1 --env=B=2 -u 1:2 -g 3 --additional-gids 4 -c CAP_KILL --cwd /c web sh -c -t",
        "exec --no-new-privs web true --process",
        "exec --no-new-privs=false web true",
        "exec web sh",
        "state web",
        "kill web 9",
        "kill --all web KILL",
        "kill web",
        "kill web TERM -a",
        "delete --force web",
        "delete web -f",
        "ps --format json web",
        "ps web -o pid",
        "pause web",
        "resume web",
        "update --resources=- web",
        "update -r limits.json web",
        "events --stats web",
        "events --interval 100ms web",
        "list -q",
        "list --format json",
        "list",
        "features",
        "refresh-network web"
      })
  void readsWhatEnginesWrite(String line) {
    List<String> arguments = words(line);

    assertEquals(Optional.of(byPicocli(arguments)), plainly(arguments), line);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "--help",
        "--trace /t state web",
        "--root /r --trace=/t start web",
        "-h list",
        "frobnicate",
        "--frobnicate list",
        "--version list",
        "--root /a --root /b list",
        "--debug=perhaps list",
        "--debug true list",
        "--root",
        "--root --debug list",
        "state",
        "state a/b",
        "state a b",
        "state --help",
        "state --bundle /b web",
        "kill -a --all web",
        "kill --all=true web",
        "kill web TERM again",
        "create --bundle",
        "create --bundle= web",
        "create --bundle --no-pivot web",
        "create -b=/b web",
        "create -b/b web",
        "create --preserve-fds x web",
        "create --preserve-fds 010 web",
        "create --preserve-fds 12345678901 web",
        "run -dk web",
        "exec -td web sh",
        "exec web -- sh",
        "exec -- web sh",
        "list web",
        "list -qf json",
        "features all",
        "update --memory 1 web",
        "layers list",
        "check"
      })
  void leavesTheRestToPicocli(String line) {
    assertEquals(Optional.empty(), plainly(words(line)), line);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-v", "--version"})
  void theVersionNeedsNoVerb(String line) {
    LimpidCommand options = new LimpidCommand();

    assertEquals(Optional.empty(), options.take(new PlainArguments(words(line))));
    assertTrue(options.version);
  }

  static List<String> verbs() {
    return PLAIN;
  }

  /** Every option, by all its names, in all forms, alone and with another one behind. */
  @ParameterizedTest
  @MethodSource("verbs")
  void neverReadsAnythingElseThanPicocli(String verb) {
    CommandLine command = Limpid.commandTree().getSubcommands().get(verb);
    List<List<String>> forms = forms(command.getCommandSpec().options());
    List<String> id = new ArrayList<>();
    for (PositionalParamSpec argument : command.getCommandSpec().positionalParameters()) {
      if (argument.arity().min() > 0) {
        id.add("web");
      }
    }
    int read = 0;
    for (List<String> first : forms) {
      // Another one behind it or not: of the many forms, those with an equals sign are enough.
      List<List<String>> behind = new ArrayList<>(List.of(List.of()));
      for (List<String> second : forms) {
        if (second.size() == 1 && (second.get(0).endsWith("=7") || !second.get(0).contains("="))) {
          behind.add(second);
        }
      }
      for (List<String> second : behind) {
        List<String> arguments = new ArrayList<>(List.of(verb));
        arguments.addAll(first);
        arguments.addAll(id);
        arguments.addAll(second);
        read += agrees(arguments);
      }
    }
    // The forms of those without options are all beside the point.
    read += agrees(Stream.concat(Stream.of(verb), id.stream()).toList());
    assertTrue(read > 0);
  }

  @Test
  void neverReadsOtherGlobalOptionsThanPicocli() {
    List<List<String>> forms = forms(Limpid.commandTree().getCommandSpec().options());
    int read = 0;
    for (List<String> first : forms) {
      for (List<String> second : forms) {
        List<String> arguments = new ArrayList<>(first);
        arguments.addAll(second);
        arguments.add("list");
        read += agrees(arguments);
      }
    }
    assertTrue(read > forms.size());
  }

  private static int agrees(List<String> arguments) {
    Optional<Map<String, String>> plain = plainly(arguments);
    if (plain.isEmpty()) {
      return 0;
    }
    assertEquals(byPicocli(arguments), plain.get(), arguments::toString);
    return 1;
  }

  private static List<List<String>> forms(List<OptionSpec> options) {
    List<List<String>> forms = new ArrayList<>();
    for (OptionSpec option : options) {
      for (String name : option.names()) {
        forms.add(List.of(name));
        for (String value : values(option)) {
          forms.add(List.of(name, value));
          forms.add(List.of(name + "=" + value));
        }
      }
    }
    return forms;
  }

  private static List<String> values(ArgSpec option) {
    return option.typeInfo().isBoolean()
        ? List.of("true", "no")
        : List.of("7", "text", "/a/file", "-");
  }

  private static List<String> words(String line) {
    return line.isEmpty() ? List.of() : List.of(line.split(" ", -1));
  }

  /** All that the options and the verb have been given; empty if that is left to picocli. */
  private static Optional<Map<String, String>> plainly(List<String> arguments) {
    LimpidCommand options = new LimpidCommand();
    try {
      PlainArguments plain = new PlainArguments(arguments);
      Optional<String> name = options.take(plain);
      if (name.isEmpty()) {
        return Optional.empty();
      }
      Verb verb = Verbs.verb(name.get());
      verb.take(plain);
      return Optional.of(fields(options, verb));
    } catch (NotPlainException left) {
      return Optional.empty();
    }
  }

  private static Map<String, String> byPicocli(List<String> arguments) {
    LimpidCommand options = new LimpidCommand();
    try {
      ParseResult parsed =
          Verbs.commandLineFor(options, arguments).parseArgs(arguments.toArray(new String[0]));
      return fields(options, (Verb) parsed.subcommand().commandSpec().userObject());
    } catch (ParameterException wrong) {
      return Map.of("wrong", wrong.getMessage());
    }
  }

  private static Map<String, String> fields(Object... objects) {
    Map<String, String> all = new TreeMap<>();
    for (Object object : objects) {
      for (Class<?> type = object.getClass(); type != Object.class; type = type.getSuperclass()) {
        for (Field field : type.getDeclaredFields()) {
          if (!Modifier.isStatic(field.getModifiers())) {
            all.put(type.getSimpleName() + "." + field.getName(), value(field, object));
          }
        }
      }
    }
    return all;
  }

  private static String value(Field field, Object object) {
    try {
      field.setAccessible(true);
      Object value = field.get(object);
      return value instanceof LaunchOptions ? fields(value).toString() : String.valueOf(value);
    } catch (IllegalAccessException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  @Test
  void readsNothingTwice() {
    PlainArguments arguments = new PlainArguments(List.of("--a", "--a"));
    arguments.next();
    arguments.flag("--a");
    arguments.next();

    assertThrows(NotPlainException.class, () -> arguments.flag("--a"));
  }
}
