package dev.limpid.behaviour;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What is to be seen of a network namespace, each thing a line of text, without what a kernel
 * counts or numbers.
 *
 * @param links but for what is particular to a kind
 * @param addresses with the link of each
 * @param routes of all tables, without those that the kernel makes of addresses
 * @param rules of both versions
 * @param neighbours those that are permanent
 */
record NetworkView(
    List<String> links,
    List<String> addresses,
    List<String> routes,
    List<String> rules,
    List<String> neighbours) {
  /** A script that prints what {@link #of} reads. */
  static final String SCRIPT =
      """
      ip -j link
      ip -j address
      ip -j -d -4 route show table all
      ip -j -d -6 route show table all
      ip -j -4 rule
      ip -j -6 rule
      ip -j -4 neighbour show nud permanent
      ip -j -6 neighbour show nud permanent
      """;

  private static final Set<String> KERNELS =
      Set.of("\"local\"", "\"broadcast\"", "\"multicast\"", "\"anycast\"");

  static NetworkView of(String printed) {
    List<JsonCursor> parts =
        printed.lines().map(line -> line.isBlank() ? "[]" : line).map(Json::read).toList();
    List<String> routes = new ArrayList<>();
    for (JsonCursor part : parts.subList(2, 4)) {
      for (JsonCursor route : part.elements()) {
        if (!KERNELS.contains(text(route, "type"))) {
          routes.add(
              line(route, "type", "dst", "gateway", "via", "dev", "table", "metric", "prefsrc")
                  + line(route, "scope", "nexthops")
                  + flag(route, "onlink"));
        }
      }
    }
    List<String> rules = new ArrayList<>();
    for (JsonCursor part : parts.subList(4, 6)) {
      part.elements().forEach(rule -> rules.add(JsonWriter.compact().write(rule.value())));
    }
    List<String> neighbours = new ArrayList<>();
    for (JsonCursor part : parts.subList(6, 8)) {
      part.elements().forEach(each -> neighbours.add(line(each, "dst", "dev", "lladdr")));
    }
    return new NetworkView(
        parts.get(0).elements().stream()
            .map(link -> line(link, "ifname", "address", "mtu", "txqlen") + flag(link, "UP"))
            .sorted()
            .toList(),
        addresses(parts.get(1)),
        routes.stream().sorted().toList(),
        rules.stream().sorted().toList(),
        neighbours.stream().sorted().toList());
  }

  private static List<String> addresses(JsonCursor links) {
    List<String> addresses = new ArrayList<>();
    for (JsonCursor link : links.elements()) {
      for (JsonCursor address : link.optionalElements("addr_info")) {
        addresses.add(
            link.requiredString("ifname")
                + ":"
                + line(address, "family", "local", "prefixlen", "broadcast", "scope", "label")
                + (address.optional("tentative").isPresent() ? " tentative" : ""));
      }
    }
    return addresses.stream().sorted().toList();
  }

  private static String line(JsonCursor from, String... members) {
    StringBuilder line = new StringBuilder();
    for (String member : members) {
      String text = text(from, member);
      if (!text.isEmpty()) {
        line.append(' ').append(member).append(' ').append(text);
      }
    }
    return line.toString();
  }

  private static String text(JsonCursor from, String member) {
    return ((JsonObject) from.value())
        .get(member)
        .map(value -> JsonWriter.compact().write(value))
        .orElse("");
  }

  private static String flag(JsonCursor of, String flag) {
    JsonValue flags = ((JsonObject) of.value()).get("flags").orElse(JsonArray.empty());
    return ((JsonArray) flags).elements().contains(new JsonString(flag)) ? " " + flag : "";
  }
}
