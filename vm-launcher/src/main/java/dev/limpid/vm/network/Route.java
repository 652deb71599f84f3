package dev.limpid.vm.network;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.vm.network.IpText.Word;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * A route of any table.
 *
 * @param type {@code unicast}, {@code local}, {@code blackhole}…, as ip-route(8) writes it
 * @param destination where it leads to
 * @param source the source prefix it is for, IPv6 only
 * @param hops where it leads over; none for a type that leads nowhere
 * @param preferredSource the source address of what takes it
 * @param table the table's number
 * @param protocol the number of who has made it: 2 is the kernel, 3 an administrator
 * @param scope the kernel's number; 0 is global, 253 link, 254 host
 * @param metric 0 for IPv4's usual one
 * @param tos 0 to 255, IPv4 only
 * @param realm 0 to 65535; 0 for none
 * @param preference {@code low}, {@code medium} or {@code high}, IPv6 only
 * @param expires in how many seconds it ends
 * @param metrics what ip-route(8) lists as options of a path: {@code mtu} to {@code lock 1300}
 */
public record Route(
    String type,
    Prefix destination,
    Optional<Prefix> source,
    List<NextHop> hops,
    Optional<IpAddress> preferredSource,
    long table,
    int protocol,
    int scope,
    long metric,
    int tos,
    int realm,
    Optional<String> preference,
    OptionalLong expires,
    Map<String, String> metrics) {
  static final int KERNEL = 2;
  static final long MAIN = 254;
  static final long LOCAL = 255;

  private static final List<Word> TYPES =
      List.of(
          new Word("unicast", 1),
          new Word("local", 2),
          new Word("broadcast", 3),
          new Word("anycast", 4),
          new Word("multicast", 5),
          new Word("blackhole", 6),
          new Word("unreachable", 7),
          new Word("prohibit", 8),
          new Word("throw", 9));
  private static final List<String> LEADING_NOWHERE =
      List.of("blackhole", "unreachable", "prohibit", "throw");
  private static final List<String> PREFERENCES = List.of("low", "medium", "high");

  /** Metrics that are numbers, in the order of the kernel's. */
  private static final List<String> NUMBERS =
      List.of(
          "mtu",
          "window",
          "rtt",
          "rttvar",
          "ssthresh",
          "cwnd",
          "advmss",
          "reordering",
          "hoplimit",
          "initcwnd",
          "rto_min",
          "initrwnd",
          "quickack",
          "fastopen_no_cookie");

  private static final String ALWAYS_LOCKED = "rto_min";

  /** Metrics whose numbers are milliseconds. */
  private static final List<String> TIMES = List.of("rtt", "rttvar", "rto_min");

  /** Copies the collections. */
  public Route {
    hops = List.copyOf(hops);
    metrics = Collections.unmodifiableMap(new TreeMap<>(metrics));
  }

  /**
   * What cannot be carried over, in words.
   *
   * @return empty if {@link #parse} understands all of it
   */
  static Optional<String> unsupported(JsonCursor json) {
    JsonObject object = json.asObject();
    String destination = json.optionalString("dst").orElse("");
    boolean encapsulates = object.get("encap").isPresent();
    for (JsonCursor hop : json.optionalElements("nexthops")) {
      encapsulates |= hop.asObject().get("encap").isPresent();
    }
    if (encapsulates) {
      return Optional.of(json.remark("a route that encapsulates"));
    }
    if (object.get("nhid").isPresent()
        && object.get("dev").isEmpty()
        && object.get("nexthops").isEmpty()) {
      return Optional.of(json.remark("a route over a next hop object that is not told"));
    }
    boolean readable = destination.equals("default") || Prefix.parse(destination).isPresent();
    return readable ? Optional.empty() : Optional.of(json.remark("a route that is not of IP"));
  }

  /**
   * Reads an element of what {@code ip -j -d -N route show table all} prints, or of {@link
   * #toJson}.
   */
  static Route parse(JsonCursor json) {
    boolean v6 = isV6(json);
    String type = json.optional("type").map(cursor -> IpText.word(cursor, TYPES)).orElse("unicast");
    return new Route(
        type,
        json.requiredString("dst").equals("default")
            ? Prefix.all(v6)
            : prefix(json.required("dst")),
        json.optional("from").filter(from -> !from.asString().equals("default")).map(Route::prefix),
        LEADING_NOWHERE.contains(type) ? List.of() : hops(json),
        IpText.optionalAddress(json, "prefsrc"),
        IpText.optionalNumber(json, "table", 1, 0xffff_ffffL, MAIN),
        (int) IpText.optionalNumber(json, "protocol", 0, 255, 0),
        json.optional("scope").map(Scopes::parse).orElse(Scopes.GLOBAL),
        json.optionalUint32("metric").orElse(0),
        (int) IpText.optionalNumber(json, "tos", 0, 255, 0),
        json.optional("flow").map(Route::realm).orElse(0),
        json.optional("pref").map(Route::preference),
        json.optionalUint32("expires"),
        metrics(json));
  }

  JsonObject toJson() {
    List<JsonValue> elements = new ArrayList<>();
    for (NextHop hop : hops) {
      elements.add(hop.toJson());
    }
    JsonObject.Builder json =
        JsonObject.builder()
            .put("type", type)
            .put("dst", destination.text())
            .put("nexthops", new JsonArray(elements))
            .put("table", Long.toString(table))
            .put("protocol", Integer.toString(protocol))
            .put("scope", Integer.toString(scope))
            .put("metric", metric)
            .put("tos", Integer.toString(tos))
            .put("flow", JsonObject.empty().with("to", Integer.toString(realm)));
    source.ifPresent(prefix -> json.put("from", prefix.text()));
    preferredSource.ifPresent(address -> json.put("prefsrc", address.text()));
    preference.ifPresent(word -> json.put("pref", word));
    expires.ifPresent(seconds -> json.put("expires", seconds));
    if (!metrics.isEmpty()) {
      json.put("locked", JsonArray.ofStrings(locked()));
      json.put("metrics", JsonArray.of(metricsJson()));
    }
    return json.build();
  }

  boolean isV6() {
    return destination.address().v6();
  }

  /** Whether it ends by itself. */
  boolean isPassing() {
    return expires.isPresent();
  }

  boolean hasGateway() {
    return hops.stream().anyMatch(hop -> hop.gateway().isPresent());
  }

  /** Whether it leads over an interface. */
  boolean leadsOver(String link) {
    return hops.stream().anyMatch(hop -> hop.link().filter(link::equals).isPresent());
  }

  /** What the kernel tells routes of a table apart by: others of the same are beside it. */
  String key() {
    return table + " " + destination.masked() + " " + tos + " " + metric + " " + source;
  }

  /** This route without what changes by itself as time goes by. */
  Route timeless() {
    return new Route(
        type,
        destination,
        source,
        hops,
        preferredSource,
        table,
        protocol,
        scope,
        metric,
        tos,
        realm,
        preference,
        isPassing() ? OptionalLong.of(0) : expires,
        metrics);
  }

  /** This route with some metrics locked. */
  Route withLocked(List<String> names) {
    Map<String, String> changed = new TreeMap<>(metrics);
    for (String name : names) {
      // This one always is, and ip-route(8) has no word for it.
      if (name.equals(ALWAYS_LOCKED)) {
        continue;
      }
      changed.computeIfPresent(
          name, (key, value) -> value.startsWith("lock ") ? value : "lock " + value);
    }
    return new Route(
        type,
        destination,
        source,
        hops,
        preferredSource,
        table,
        protocol,
        scope,
        metric,
        tos,
        realm,
        preference,
        expires,
        changed);
  }

  /** Whether something of it may be locked, which iproute2's JSON does not tell. */
  boolean mayBeLocked() {
    return metrics.keySet().stream()
        .anyMatch(name -> NUMBERS.contains(name) && !name.equals(ALWAYS_LOCKED));
  }

  /** The words of ip-route(8). */
  String text() {
    StringBuilder text = new StringBuilder(type).append(' ').append(destination.text());
    source.ifPresent(prefix -> text.append(" from ").append(prefix.text()));
    if (tos != 0) {
      text.append(" tos 0x").append(Integer.toHexString(tos));
    }
    if (hops.size() == 1) {
      text.append(hops.get(0).text(isV6()));
    }
    text.append(" table ").append(table).append(" proto ").append(protocol);
    if (!isV6()) {
      text.append(" scope ").append(Scopes.name(scope));
    }
    preferredSource.ifPresent(address -> text.append(" src ").append(address));
    if (metric != 0) {
      text.append(" metric ").append(metric);
    }
    if (realm != 0) {
      text.append(" realms ").append(realm);
    }
    metrics.forEach((name, value) -> text.append(' ').append(name).append(' ').append(value));
    expires.ifPresent(seconds -> text.append(" expires ").append(seconds));
    preference.ifPresent(word -> text.append(" pref ").append(word));
    if (hops.size() > 1) {
      for (NextHop hop : hops) {
        text.append(" nexthop").append(hop.text(isV6())).append(" weight ").append(hop.weight());
      }
    }
    return text.toString();
  }

  /** "default" does not say its family; of IPv6 the preference is always told. */
  private static boolean isV6(JsonCursor json) {
    String destination = json.requiredString("dst");
    return destination.equals("default")
        ? json.optional("pref").isPresent()
        : destination.indexOf(':') >= 0;
  }

  private static Prefix prefix(JsonCursor cursor) {
    return Prefix.parse(cursor.asString())
        .orElseThrow(() -> cursor.invalid("must be an IP address, with or without a length"));
  }

  private static List<NextHop> hops(JsonCursor json) {
    List<NextHop> hops = new ArrayList<>();
    for (JsonCursor hop : json.optionalElements("nexthops")) {
      hops.add(NextHop.parse(hop));
    }
    if (hops.isEmpty()) {
      NextHop only = NextHop.parse(json);
      return only.link().isEmpty() && only.gateway().isEmpty() ? List.of() : List.of(only);
    }
    return hops;
  }

  private static int realm(JsonCursor flow) {
    return (int) IpText.optionalNumber(flow, "to", 0, 0xffff, 0);
  }

  private static String preference(JsonCursor cursor) {
    if (!PREFERENCES.contains(cursor.asString())) {
      throw cursor.invalid("must be one of " + String.join(", ", PREFERENCES));
    }
    return cursor.asString();
  }

  private static Map<String, String> metrics(JsonCursor json) {
    Map<String, String> metrics = new TreeMap<>();
    for (JsonCursor object : json.optionalElements("metrics")) {
      for (JsonCursor member : object.members()) {
        if (NUMBERS.contains(member.key())) {
          String unit = isTime(member.key()) ? "ms" : "";
          metrics.put(member.key(), IpText.number(member, 0, 0xffff_ffffL) + unit);
        } else if (member.key().equals("ecn")) {
          metrics.put("features", "ecn");
        } else if (member.key().equals("congestion")) {
          metrics.put("congctl", congestion(member));
        }
      }
    }
    for (JsonCursor locked : json.optionalElements("locked")) {
      metrics.computeIfPresent(locked.asString(), (name, value) -> "lock " + value);
    }
    return metrics;
  }

  private static String congestion(JsonCursor cursor) {
    if (!cursor.asString().matches("[a-z0-9_-]{1,15}")) {
      throw cursor.invalid("must be the name of a congestion control");
    }
    return cursor.asString();
  }

  private List<String> locked() {
    return metrics.keySet().stream().filter(name -> metrics.get(name).startsWith("lock ")).toList();
  }

  private JsonObject metricsJson() {
    JsonObject.Builder json = JsonObject.builder();
    metrics.forEach(
        (name, value) -> {
          String plain = value.startsWith("lock ") ? value.substring(5) : value;
          if (name.equals("features")) {
            json.put("ecn", new JsonString(""));
          } else if (name.equals("congctl")) {
            json.put("congestion", plain);
          } else {
            json.put(
                name,
                Long.parseLong(isTime(name) ? plain.substring(0, plain.length() - 2) : plain));
          }
        });
    return json.build();
  }

  private static boolean isTime(String metric) {
    return TIMES.contains(metric);
  }
}
