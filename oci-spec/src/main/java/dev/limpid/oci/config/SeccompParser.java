package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Checks the system call filter (config-linux.md, "Seccomp"). */
final class SeccompParser {
  /** A system call has six arguments, and errno has twelve bits. */
  private static final int LAST_ARGUMENT = 5;

  private static final int MAX_ERRNO = 4095;

  private SeccompParser() {}

  static Seccomp parse(JsonCursor seccomp) {
    String defaultAction = action(seccomp.required("defaultAction"));
    checkErrno(seccomp, "defaultErrnoRet");
    List<String> architectures =
        names(
            seccomp,
            "architectures",
            Seccomp.ARCHITECTURES,
            "must be the name of an architecture such as SCMP_ARCH_X86_64");
    List<String> flags =
        names(
            seccomp,
            "flags",
            Seccomp.FLAGS,
            "must be the name of a flag such as SECCOMP_FILTER_FLAG_LOG");
    Optional<String> listenerPath = TextRule.optionalAbsolutePath(seccomp, "listenerPath");
    Optional<String> metadata = TextRule.optionalText(seccomp, "listenerMetadata");
    if (metadata.isPresent() && listenerPath.isEmpty()) {
      throw seccomp.required("listenerMetadata").refused("must not be there without listenerPath");
    }
    for (JsonCursor syscall : seccomp.optionalElements("syscalls")) {
      checkSyscall(syscall);
    }
    return new Seccomp(defaultAction, architectures, flags, listenerPath, seccomp.asObject());
  }

  private static void checkSyscall(JsonCursor syscall) {
    JsonCursor names = syscall.required("names");
    List<JsonCursor> elements = names.elements();
    if (elements.isEmpty()) {
      throw names.invalid("must name at least one system call");
    }
    for (JsonCursor name : elements) {
      TextRule.filled(name);
    }
    action(syscall.required("action"));
    checkErrno(syscall, "errnoRet");
    for (JsonCursor argument : syscall.optionalElements("args")) {
      argument.required("index").asInteger(0, LAST_ARGUMENT);
      argument.required("value").asUint64();
      argument.optionalUint64("valueTwo");
      JsonCursor operator = argument.required("op");
      if (!Seccomp.OPERATORS.contains(operator.asString())) {
        throw operator.invalid("must be the name of an operator such as SCMP_CMP_EQ");
      }
    }
  }

  private static String action(JsonCursor cursor) {
    String action = cursor.asString();
    if (!Seccomp.ACTIONS.contains(action)) {
      throw cursor.invalid("must be the name of an action such as SCMP_ACT_ERRNO");
    }
    return action;
  }

  private static void checkErrno(JsonCursor section, String member) {
    Optional<JsonCursor> found = section.optional(member);
    if (found.isPresent()) {
      found.get().asInteger(0, MAX_ERRNO);
    }
  }

  private static List<String> names(
      JsonCursor seccomp, String member, List<String> known, String expectation) {
    List<String> names = new ArrayList<>();
    for (JsonCursor element : seccomp.optionalElements(member)) {
      String name = element.asString();
      if (!known.contains(name)) {
        throw element.invalid(expectation);
      }
      names.add(name);
    }
    return names;
  }
}
