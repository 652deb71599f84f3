package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Checks a process (config.md, "Process"). */
final class ProcessParser {
  private static final int MAX_TERMINAL_SIZE = 0xffff;
  private static final int MAX_UMASK = 0777;
  private static final int MAX_OOM_SCORE_ADJ = 1000;

  private ProcessParser() {}

  static ContainerProcess parse(JsonCursor process, Warnings warnings) {
    Optional<JsonCursor> consoleSize = process.optional("consoleSize");
    Optional<JsonCursor> user = process.optional("user");
    Optional<JsonCursor> capabilities = process.optional("capabilities");
    Optional<JsonCursor> oomScoreAdj = process.optional("oomScoreAdj");
    Optional<JsonCursor> ioPriority = process.optional("ioPriority");
    Optional<JsonCursor> scheduler = process.optional("scheduler");
    Optional<JsonCursor> affinity = process.optional("execCPUAffinity");
    return new ContainerProcess(
        process.optionalBoolean("terminal"),
        consoleSize.isEmpty() ? Optional.empty() : Optional.of(consoleSize(consoleSize.get())),
        user.isEmpty() ? User.ROOT : user(user.get()),
        args(process),
        TextRule.environment(process, "env"),
        TextRule.absolutePath(process.required("cwd")),
        capabilities.isEmpty()
            ? Optional.empty()
            : Optional.of(CapabilitiesParser.parse(capabilities.get(), warnings)),
        RlimitParser.parse(process),
        process.optionalBoolean("noNewPrivileges"),
        oomScoreAdj.isEmpty()
            ? OptionalInt.empty()
            : OptionalInt.of(
                (int) oomScoreAdj.get().asInteger(-MAX_OOM_SCORE_ADJ, MAX_OOM_SCORE_ADJ)),
        TextRule.optionalText(process, "apparmorProfile"),
        TextRule.optionalText(process, "selinuxLabel"),
        ioPriority.isEmpty()
            ? Optional.empty()
            : Optional.of(SchedulingParser.ioPriority(ioPriority.get())),
        scheduler.isEmpty()
            ? Optional.empty()
            : Optional.of(SchedulingParser.scheduler(scheduler.get())),
        affinity.isEmpty()
            ? Optional.empty()
            : Optional.of(SchedulingParser.execCpuAffinity(affinity.get())),
        process.asObject());
  }

  private static List<String> args(JsonCursor process) {
    JsonCursor args = process.required("args");
    if (args.elements().isEmpty()) {
      throw args.invalid("must hold at least the name of the program");
    }
    return TextRule.texts(process, "args");
  }

  private static ConsoleSize consoleSize(JsonCursor size) {
    return new ConsoleSize(
        (int) size.required("height").asInteger(0, MAX_TERMINAL_SIZE),
        (int) size.required("width").asInteger(0, MAX_TERMINAL_SIZE));
  }

  private static User user(JsonCursor user) {
    List<Long> additionalGids = new ArrayList<>();
    for (JsonCursor gid : user.optionalElements("additionalGids")) {
      additionalGids.add(gid.asUint32());
    }
    Optional<JsonCursor> umask = user.optional("umask");
    return new User(
        user.optionalUint32("uid").orElse(0),
        user.optionalUint32("gid").orElse(0),
        umask.isEmpty()
            ? OptionalInt.empty()
            : OptionalInt.of((int) umask.get().asInteger(0, MAX_UMASK)),
        additionalGids);
  }
}
