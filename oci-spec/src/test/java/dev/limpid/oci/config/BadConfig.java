package dev.limpid.oci.config;

import dev.limpid.oci.json.JsonObject;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * A line of bad-configs.txt: the full document with one thing wrong, and what must be said of it.
 *
 * @param change as it is written in the file
 * @param path where the change is
 * @param document the changed document
 * @param message the whole expected message
 */
record BadConfig(String change, String path, JsonObject document, String message) {
  private static final String REMOVED = " removed";
  private static final String SET = " = ";

  static List<BadConfig> all() {
    JsonObject full = TestDocuments.full();
    List<BadConfig> all = new ArrayList<>();
    Iterator<String> lines = TestDocuments.text("bad-configs.txt").lines().iterator();
    while (lines.hasNext()) {
      String change = lines.next();
      if (!change.isEmpty() && change.charAt(0) != '#') {
        all.add(parse(full, change, lines.next().strip()));
      }
    }
    return all;
  }

  private static BadConfig parse(JsonObject full, String change, String message) {
    if (change.endsWith(REMOVED)) {
      String path = change.substring(0, change.length() - REMOVED.length());
      return new BadConfig(change, path, DocumentPath.parse(path).remove(full), message);
    }
    int set = change.indexOf(SET);
    String path = change.substring(0, set);
    JsonObject document =
        DocumentPath.parse(path)
            .set(full, TestDocuments.json(change.substring(set + SET.length())));
    return new BadConfig(change, path, document, message);
  }

  /** Whether the message is about the very place that was changed. */
  boolean blamesItsPath() {
    return message.startsWith("config.json: " + path + ": ");
  }

  @Override
  public String toString() {
    return change;
  }
}
