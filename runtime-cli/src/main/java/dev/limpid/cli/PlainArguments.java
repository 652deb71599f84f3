package dev.limpid.cli;

import dev.limpid.oci.ContainerId;
import dev.limpid.oci.InvalidContainerIdException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A command line as engines write it: options whole, each with its value behind it or after an
 * equals sign, none twice, and nothing that would be wrong. A verb goes through the arguments and
 * takes what it knows:
 *
 * <pre>{@code
 * while (arguments.next()) {
 *   switch (arguments.option()) {
 *     case "-f", "--format" -> format = arguments.value("--format");
 *     case "-q", "--quiet" -> quiet = arguments.flag("--quiet");
 *     default -> arguments.positional();
 *   }
 * }
 * }</pre>
 *
 * <p>Whatever is not that plain ends in a {@link NotPlainException}; then picocli, which takes
 * longer to load than most verbs to run, parses all of it again, and says what is wrong if it is.
 */
final class PlainArguments {
  private static final int MOST_DIGITS = 9;

  private final List<String> arguments;
  private final Set<String> seen = new HashSet<>();
  private final List<String> positionals = new ArrayList<>();
  private int at = -1;

  PlainArguments(List<String> arguments) {
    this.arguments = arguments;
  }

  /** Goes on to the next argument that has not been taken. */
  boolean next() {
    at++;
    return at < arguments.size();
  }

  /** The name of the option that stands here, empty if none does. */
  String option() {
    String argument = arguments.get(at);
    if (!argument.startsWith("-")) {
      return "";
    }
    int equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
    return equals < 0 ? argument : argument.substring(0, equals);
  }

  /**
   * The option that stands here has no value.
   *
   * @param name the name that it has whatever it is called by
   */
  boolean flag(String name) {
    once(name);
    if (hasValueInside()) {
      throw new NotPlainException();
    }
    return true;
  }

  /** The option that stands here may have a value after an equals sign, true or false. */
  boolean optionalBoolean(String name) {
    if (!hasValueInside()) {
      // Is the next argument its value?
      if (at + 1 < arguments.size() && isBoolean(arguments.get(at + 1))) {
        throw new NotPlainException();
      }
      return flag(name);
    }
    String value = value(name);
    if (!isBoolean(value)) {
      throw new NotPlainException();
    }
    return Boolean.parseBoolean(value);
  }

  /** The value of the option that stands here, which may be there only once. */
  String value(String name) {
    once(name);
    return another();
  }

  /** The value of the option that stands here, which may be there several times. */
  String another() {
    String value;
    if (hasValueInside()) {
      value = arguments.get(at).substring(arguments.get(at).indexOf('=') + 1);
    } else if (next() && !arguments.get(at).startsWith("-")) {
      value = arguments.get(at);
    } else {
      throw new NotPlainException();
    }
    if (value.isEmpty()) {
      throw new NotPlainException();
    }
    return value;
  }

  /** The value of the option that stands here, the name of a file. */
  Path path(String name) {
    try {
      return Path.of(value(name));
    } catch (InvalidPathException wrong) {
      throw new NotPlainException();
    }
  }

  /** A number that is not negative, in its shortest form. */
  static int number(String value) {
    if (value.length() > MOST_DIGITS || (value.length() > 1 && value.startsWith("0"))) {
      throw new NotPlainException();
    }
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) < '0' || value.charAt(i) > '9') {
        throw new NotPlainException();
      }
    }
    return Integer.parseInt(value);
  }

  /** What stands here is a verb: what follows are the arguments of that, options as well. */
  String verb() {
    String verb = positional();
    positionals.clear();
    seen.clear();
    return verb;
  }

  /** What stands here is no option. */
  String positional() {
    String argument = arguments.get(at);
    if (argument.isEmpty() || argument.startsWith("-")) {
      throw new NotPlainException();
    }
    positionals.add(argument);
    return argument;
  }

  /** What stands here is no option, and neither is anything behind it. */
  void positionalToTheEnd() {
    positional();
    while (next()) {
      if (arguments.get(at).isEmpty() || arguments.get(at).equals("--")) {
        throw new NotPlainException();
      }
      positionals.add(arguments.get(at));
    }
  }

  /**
   * What is no option, in its order.
   *
   * @param least how many there must be
   * @param most how many there may be
   */
  List<String> positionals(int least, int most) {
    if (positionals.size() < least || positionals.size() > most) {
      throw new NotPlainException();
    }
    return positionals;
  }

  /** The first of what is no option, as a container's name. */
  ContainerId id() {
    try {
      return new ContainerId(positionals(1, Integer.MAX_VALUE).get(0));
    } catch (InvalidContainerIdException wrong) {
      throw new NotPlainException();
    }
  }

  private boolean hasValueInside() {
    return option().length() < arguments.get(at).length();
  }

  private void once(String name) {
    if (!seen.add(name)) {
      throw new NotPlainException();
    }
  }

  private static boolean isBoolean(String text) {
    return text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false");
  }
}
