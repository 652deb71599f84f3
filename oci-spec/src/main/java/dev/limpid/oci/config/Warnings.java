package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonCursor;
import java.util.ArrayList;
import java.util.List;

/** Collects what is tolerated while a document is parsed. */
final class Warnings {
  private final List<String> lines = new ArrayList<>();

  void add(JsonCursor where, String text) {
    lines.add(where.remark(text));
  }

  List<String> all() {
    return lines;
  }
}
