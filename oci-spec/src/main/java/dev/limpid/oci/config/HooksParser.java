package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Checks the hooks (config.md, "POSIX-platform Hooks"). */
final class HooksParser {
  private HooksParser() {}

  static Hooks parse(JsonCursor hooks) {
    return new Hooks(
        list(hooks, "prestart"),
        list(hooks, "createRuntime"),
        list(hooks, "createContainer"),
        list(hooks, "startContainer"),
        list(hooks, "poststart"),
        list(hooks, "poststop"));
  }

  private static List<Hook> list(JsonCursor hooks, String member) {
    List<Hook> list = new ArrayList<>();
    for (JsonCursor element : hooks.optionalElements(member)) {
      Optional<JsonCursor> timeout = element.optional("timeout");
      list.add(
          new Hook(
              TextRule.absolutePath(element.required("path")),
              TextRule.texts(element, "args"),
              TextRule.environment(element, "env"),
              timeout.isEmpty()
                  ? OptionalLong.empty()
                  : OptionalLong.of(timeout.get().asInteger(1, Integer.MAX_VALUE))));
    }
    return list;
  }
}
