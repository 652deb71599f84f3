package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.QuotedText;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks capability sets (config.md, "Linux Process"). A name that nobody knows may be one of a
 * kernel to come: the specification asks for a warning.
 */
final class CapabilitiesParser {
  private CapabilitiesParser() {}

  static Capabilities parse(JsonCursor sets, Warnings warnings) {
    return new Capabilities(
        names(sets, "bounding", warnings),
        names(sets, "effective", warnings),
        names(sets, "inheritable", warnings),
        names(sets, "permitted", warnings),
        names(sets, "ambient", warnings));
  }

  private static List<String> names(JsonCursor sets, String member, Warnings warnings) {
    List<String> names = new ArrayList<>();
    for (JsonCursor element : sets.optionalElements(member)) {
      String name = TextRule.filled(element);
      if (!Capabilities.KNOWN.contains(name)) {
        warnings.add(element, "unknown capability " + QuotedText.of(name));
      }
      names.add(name);
    }
    return names;
  }
}
