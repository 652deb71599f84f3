package dev.limpid.vm.network;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What is in a network namespace: everything that somebody has set there, and what the kernel makes
 * of it as far as it can't be told apart.
 *
 * @param links the interfaces in the order of their numbers
 * @param addresses in the order in which they are listed
 * @param routes of all tables, but for those that come with each address in the table {@code local}
 * @param rules of both families, with those that each namespace has
 * @param neighbours permanent entries, and addresses that are answered for
 * @param sysctls settings that are not as the kernel makes them, by their names with slashes, for
 *     example {@code net/ipv4/conf/eth0/rp_filter}
 * @param remarks what is there and has no place here, a sentence each
 */
public record NetworkState(
    List<Link> links,
    List<Address> addresses,
    List<Route> routes,
    List<Rule> rules,
    List<Neighbour> neighbours,
    SortedMap<String, Sysctl> sysctls,
    List<String> remarks) {
  private static final int MAX_REMARKS = 32;
  private static final long NEVER = 0xffff_ffffL;

  /** The guest's network before anything was said of it: {@code lo}, set up, and no NIC. */
  public static final NetworkState EMPTY = fresh();

  /** Copies the collections. */
  public NetworkState {
    links = List.copyOf(links);
    addresses = List.copyOf(addresses);
    routes = List.copyOf(routes);
    rules = List.copyOf(rules);
    neighbours = List.copyOf(neighbours);
    sysctls = Collections.unmodifiableSortedMap(new TreeMap<>(sysctls));
    remarks = List.copyOf(remarks);
  }

  /**
   * Reads a state that {@link #toJson} has written.
   *
   * @throws DocumentException naming the value that is wrong
   */
  public static NetworkState fromJson(JsonCursor json) {
    List<Address> addresses = new ArrayList<>();
    json.required("addresses").elements().forEach(link -> addAddresses(link, addresses));
    SortedMap<String, Sysctl> sysctls = new TreeMap<>();
    for (JsonCursor member : json.required("sysctls").members()) {
      if (!SysctlReading.isName(member.key())) {
        throw member.refused("is no name of a setting");
      }
      sysctls.put(
          member.key(),
          new Sysctl(member.requiredString("value"), member.requiredString("pristine")));
    }
    return new NetworkState(
        all(json.required("links"), Link::parse),
        addresses,
        all(json.required("routes"), Route::parse),
        all(json.required("rules"), Rule::fromJson),
        neighbours(json.required("neighbours")),
        sysctls,
        json.required("remarks").asStrings());
  }

  /** This state as JSON, for {@link #fromJson}. */
  public JsonObject toJson() {
    Map<String, List<JsonValue>> byLink = new LinkedHashMap<>();
    for (Address address : addresses) {
      byLink.computeIfAbsent(address.link(), name -> new ArrayList<>()).add(address.toJson());
    }
    List<JsonValue> ofLinks = new ArrayList<>();
    byLink.forEach(
        (name, list) ->
            ofLinks.add(
                JsonObject.builder()
                    .put("ifname", name)
                    .put("addr_info", new JsonArray(list))
                    .build()));
    JsonObject.Builder settings = JsonObject.builder();
    sysctls.forEach(
        (name, sysctl) ->
            settings.put(
                name,
                JsonObject.builder()
                    .put("value", sysctl.value())
                    .put("pristine", sysctl.pristine())
                    .build()));
    return JsonObject.builder()
        .put("links", array(links, Link::toJson))
        .put("addresses", new JsonArray(ofLinks))
        .put("routes", array(routes, Route::toJson))
        .put("rules", array(rules, Rule::toJson))
        .put("neighbours", array(neighbours, Neighbour::toJson))
        .put("sysctls", settings.build())
        .put("remarks", JsonArray.ofStrings(remarks))
        .build();
  }

  /**
   * Composes a state of what iproute2 prints with {@code -j -d -N}.
   *
   * @param links {@code link show}
   * @param addressed {@code address show}
   * @param routed {@code route show table all}, of both families
   * @param ruled {@code rule show}
   * @param ruled6 {@code rule show} with {@code -6}
   * @param permanent {@code neighbour show nud permanent}
   * @param proxied {@code neighbour show proxy}
   */
  static NetworkState parse(
      JsonCursor links,
      JsonCursor addressed,
      JsonCursor routed,
      JsonCursor ruled,
      JsonCursor ruled6,
      JsonCursor permanent,
      JsonCursor proxied) {
    List<String> remarks = new ArrayList<>();
    List<Link> all = withParents(all(links, Link::parse));
    for (Link link : all) {
      link.unsupported().ifPresent(remarks::add);
    }
    Set<String> there = names(guestLinks(all));
    for (Link link : all) {
      if (link.role() == LinkRole.MADE && !there.contains(link.name())) {
        remarks.add(link.name() + " is on " + link.parent().orElseThrow());
      }
    }
    List<Address> addresses = new ArrayList<>();
    addressed.elements().forEach(link -> addAddresses(link, addresses));
    List<Route> routes = supported(routed, Route::unsupported, Route::parse, remarks);
    routes.removeIf(NetworkState::isKernels);
    List<Rule> rules =
        supported(ruled, Rule::unsupported, json -> Rule.parse(false, json), remarks);
    rules.addAll(supported(ruled6, Rule::unsupported, json -> Rule.parse(true, json), remarks));
    List<Neighbour> neighbours = neighbours(permanent);
    neighbours.addAll(neighbours(proxied));
    return new NetworkState(
        all,
        addresses,
        routes,
        rules,
        neighbours,
        new TreeMap<>(),
        remarks.size() > MAX_REMARKS ? remarks.subList(0, MAX_REMARKS) : remarks);
  }

  /**
   * This state as it would be if the link of a name were another one of that name: compared with
   * this, the other is taken away, and this one is new.
   */
  public NetworkState withReplaced(String name) {
    List<Link> others =
        links.stream().map(link -> link.name().equals(name) ? link.withIndex(0) : link).toList();
    return new NetworkState(others, addresses, routes, rules, neighbours, sysctls, remarks);
  }

  /** This state with what has been found out of its settings. */
  NetworkState withSysctls(SortedMap<String, Sysctl> found) {
    return new NetworkState(links, addresses, routes, rules, neighbours, found, remarks);
  }

  /** This state with other routes. */
  NetworkState withRoutes(List<Route> others) {
    return new NetworkState(links, addresses, others, rules, neighbours, sysctls, remarks);
  }

  /** The links that the guest has as well, or gets: not those on such as it does not have. */
  List<Link> guestLinks() {
    return guestLinks(links);
  }

  /** The names of {@link #guestLinks}. */
  Set<String> guestNames() {
    return names(guestLinks());
  }

  private static NetworkState fresh() {
    Link lo =
        new Link(
            1,
            "lo",
            "loopback",
            false,
            Optional.empty(),
            65536,
            1000,
            Set.of("UP", "LOWER_UP"),
            0,
            Optional.empty(),
            Optional.of("eui64"),
            Optional.empty(),
            false,
            Optional.empty(),
            Optional.empty());
    Address first =
        new Address(
            "lo",
            new Prefix(new IpAddress(false, 0, 0x7f00_0001L), 8),
            Optional.empty(),
            Optional.empty(),
            Scopes.HOST,
            Optional.of("lo"),
            Set.of(),
            Address.FOREVER,
            Address.FOREVER,
            0);
    Address second =
        new Address(
            "lo",
            new Prefix(new IpAddress(true, 0, 1), 128),
            Optional.empty(),
            Optional.empty(),
            Scopes.HOST,
            Optional.empty(),
            // As the guest's init leaves it; the host's has a route instead, or neither.
            Set.of("noprefixroute"),
            Address.FOREVER,
            Address.FOREVER,
            0);
    return new NetworkState(
        List.of(lo),
        List.of(first, second),
        List.of(),
        Rule.defaults(),
        List.of(),
        new TreeMap<>(),
        List.of());
  }

  /** What the kernel makes together with an address or an interface, and nobody else. */
  private static boolean isKernels(Route route) {
    return route.protocol() == Route.KERNEL
        && (route.table() == Route.LOCAL
            || (route.type().equals("multicast") && route.isV6())
            || (route.type().equals("unreachable") && route.metric() == NEVER));
  }

  /** iproute2 also invents a name for a link that is in another namespace. */
  private static List<Link> withParents(List<Link> links) {
    Set<String> names = names(links);
    return links.stream()
        .map(
            link ->
                link.parent().filter(parent -> !names.contains(parent)).isPresent()
                    ? link.withParentElsewhere()
                    : link)
        .toList();
  }

  private static List<Link> guestLinks(List<Link> links) {
    List<Link> list = new ArrayList<>(links);
    list.removeIf(link -> !link.role().isInGuest());
    boolean removed = true;
    while (removed) {
      Set<String> names = names(list);
      removed =
          list.removeIf(
              link ->
                  link.role() == LinkRole.MADE
                      && link.parent().filter(parent -> !names.contains(parent)).isPresent());
    }
    return list;
  }

  private static Set<String> names(List<Link> links) {
    Set<String> names = new HashSet<>();
    for (Link link : links) {
      names.add(link.name());
    }
    return names;
  }

  private static void addAddresses(JsonCursor json, List<Address> addresses) {
    List<JsonCursor> elements = json.optionalElements("addr_info");
    if (!elements.isEmpty()) {
      String link = IpText.interfaceName(json.required("ifname"));
      elements.forEach(element -> Address.parse(link, element).ifPresent(addresses::add));
    }
  }

  private static List<Neighbour> neighbours(JsonCursor json) {
    List<Neighbour> neighbours = new ArrayList<>();
    json.elements().forEach(element -> Neighbour.parse(element).ifPresent(neighbours::add));
    return neighbours;
  }

  private static <T> List<T> supported(
      JsonCursor json,
      Function<JsonCursor, Optional<String>> unsupported,
      Function<JsonCursor, T> parse,
      List<String> remarks) {
    List<T> list = new ArrayList<>();
    for (JsonCursor element : json.elements()) {
      Optional<String> remark = unsupported.apply(element);
      if (remark.isPresent()) {
        remarks.add(remark.get());
      } else {
        list.add(parse.apply(element));
      }
    }
    return list;
  }

  private static <T> List<T> all(JsonCursor json, Function<JsonCursor, T> parse) {
    List<T> list = new ArrayList<>();
    json.elements().forEach(element -> list.add(parse.apply(element)));
    return list;
  }

  private static <T> JsonArray array(List<T> list, Function<T, JsonObject> json) {
    List<JsonValue> elements = new ArrayList<>();
    list.forEach(element -> elements.add(json.apply(element)));
    return new JsonArray(elements);
  }
}
