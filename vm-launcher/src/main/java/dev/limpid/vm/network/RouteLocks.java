package dev.limpid.vm.network;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which metrics of routes are locked, as {@code ip -d -N -o route show table all} prints them. */
final class RouteLocks {
  private final Map<String, Set<String>> locked = new HashMap<>();

  private RouteLocks() {}

  static RouteLocks parse(String printed) {
    RouteLocks locks = new RouteLocks();
    for (String line : printed.split("\n", -1)) {
      String[] words = line.trim().split("[\\s\\\\]+", -1);
      List<String> names = new ArrayList<>();
      Map<String, String> values = new HashMap<>();
      if (words.length < 2) {
        continue;
      }
      for (int i = 1; i + 1 < words.length; i++) {
        if (words[i + 1].equals("lock")) {
          names.add(words[i]);
        } else {
          values.putIfAbsent(words[i], words[i + 1]);
        }
      }
      if (!names.isEmpty()) {
        locks.locked.put(
            key(
                words[1],
                values.containsKey("pref"),
                values.get("table"),
                values.get("tos"),
                values.get("metric")),
            Set.copyOf(names));
      }
    }
    return locks;
  }

  Route apply(Route route) {
    String destination =
        route.destination().length() == 0
            ? "default"
            : route.destination().length() == route.destination().address().bits()
                ? route.destination().address().text()
                : route.destination().text();
    Set<String> names =
        locked.get(
            key(
                destination,
                route.isV6(),
                Long.toString(route.table()),
                route.tos() == 0 ? null : String.format("0x%02x", route.tos()),
                route.metric() == 0 ? null : Long.toString(route.metric())));
    return names == null ? route : route.withLocked(List.copyOf(names));
  }

  private static String key(
      String destination, boolean v6, String table, String tos, String metric) {
    return destination + " " + v6 + " " + table + " " + tos + " " + metric;
  }
}
