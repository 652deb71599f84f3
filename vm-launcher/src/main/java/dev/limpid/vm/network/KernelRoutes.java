package dev.limpid.vm.network;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/** The routes in the main table that the kernel makes by itself, of addresses. */
final class KernelRoutes {
  private static final long V6_METRIC = 256;

  private KernelRoutes() {}

  /**
   * Those of the links that are up, by what {@link Route#text} writes.
   *
   * @param connected whether only links that are connected count: before, the kernel has not made
   *     all of them
   */
  static Map<String, Route> of(NetworkState state, boolean connected) {
    Map<String, Link> links = new HashMap<>();
    for (Link link : state.guestLinks()) {
      links.put(link.name(), link);
    }
    Set<String> primaries = new HashSet<>();
    Map<String, Route> routes = new TreeMap<>();
    for (Address address : state.addresses()) {
      Link link = links.get(address.link());
      boolean makes =
          link != null
              && link.isUp()
              && (link.hasCarrier() || !connected)
              && !address.flags().contains("noprefixroute");
      if (makes) {
        addTo(routes, link, address, primaries);
      }
    }
    return routes;
  }

  private static void addTo(
      Map<String, Route> routes, Link link, Address address, Set<String> primaries) {
    if (address.isV6()) {
      addV6(routes, address);
      return;
    }
    Prefix prefix = address.connected();
    boolean itself =
        prefix.length() == 32 && prefix.address().low() == address.local().address().low();
    boolean zero = prefix.address().low() >>> 24 == 0;
    // The route of addresses of the same prefix is the first one's.
    boolean first = primaries.add(address.link() + " " + prefix);
    if (first && !itself && !zero && link.role() != LinkRole.LOOPBACK) {
      put(routes, route(address, prefix, 0, Scopes.LINK));
    }
  }

  /**
   * One to the own prefix, one to the other end, and one to the prefix of that if the address is
   * changed after it was added. That of what passes by itself passes too.
   */
  private static void addV6(Map<String, Route> routes, Address address) {
    if (address.isPassing()) {
      return;
    }
    addV6(routes, address, address.local().masked());
    if (address.peer().isPresent()) {
      IpAddress peer = address.peer().get();
      addV6(routes, address, new Prefix(peer, peer.bits()));
      addV6(routes, address, address.connected());
    }
  }

  private static void addV6(Map<String, Route> routes, Address address, Prefix prefix) {
    put(routes, route(address, prefix, V6_METRIC, Scopes.GLOBAL));
  }

  private static void put(Map<String, Route> routes, Route route) {
    routes.put(route.text(), route);
  }

  private static Route route(Address address, Prefix prefix, long usualMetric, int scope) {
    boolean v6 = address.isV6();
    return new Route(
        "unicast",
        prefix,
        Optional.empty(),
        List.of(new NextHop(Optional.empty(), Optional.of(address.link()), 1, false)),
        v6 ? Optional.empty() : Optional.of(address.local().address()),
        Route.MAIN,
        Route.KERNEL,
        scope,
        address.metric() != 0 ? address.metric() : usualMetric,
        0,
        0,
        v6 ? Optional.of("medium") : Optional.empty(),
        OptionalLong.empty(),
        Map.of());
  }
}
