package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;

/** Checks mappings of user and group ids (config-linux.md, "User namespace mappings"). */
final class IdMappingParser {
  private static final long MAX_SIZE = 0xffff_ffffL;

  private IdMappingParser() {}

  static List<IdMapping> parse(JsonCursor section, String member) {
    List<IdMapping> mappings = new ArrayList<>();
    for (JsonCursor element : section.optionalElements(member)) {
      mappings.add(
          new IdMapping(
              element.required("containerID").asUint32(),
              element.required("hostID").asUint32(),
              element.required("size").asInteger(1, MAX_SIZE)));
    }
    return mappings;
  }
}
