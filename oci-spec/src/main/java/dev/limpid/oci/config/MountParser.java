package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;

/** Checks the mounts (config.md, "Mounts"). */
final class MountParser {
  private MountParser() {}

  static List<Mount> parse(JsonCursor root, Warnings warnings) {
    List<Mount> mounts = new ArrayList<>();
    for (JsonCursor element : root.optionalElements("mounts")) {
      Mount mount =
          new Mount(
              destination(element.required("destination"), warnings),
              TextRule.optionalText(element, "type"),
              TextRule.optionalText(element, "source"),
              TextRule.texts(element, "options"),
              IdMappingParser.parse(element, "uidMappings"),
              IdMappingParser.parse(element, "gidMappings"));
      if (mount.isBind() && mount.source().isEmpty()) {
        // A missing source and an empty one are the same mistake: name it by its member.
        JsonCursor source = element.required("source");
        throw source.invalid("must not be empty for a bind mount");
      }
      mounts.add(mount);
    }
    return mounts;
  }

  private static String destination(JsonCursor cursor, Warnings warnings) {
    String destination = TextRule.path(cursor);
    if (destination.charAt(0) == '/') {
      return destination;
    }
    warnings.add(cursor, "should be an absolute path, taken as if it began with \"/\"");
    return "/" + destination;
  }
}
