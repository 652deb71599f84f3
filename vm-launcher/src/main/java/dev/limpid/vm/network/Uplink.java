package dev.limpid.vm.network;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a guest gets of a namespace that it does not have for itself: one interface that is like the
 * one by which the namespace reaches the world, and over which everything goes. Where that leads in
 * the end the namespace's own routes say, as a process there makes the connections.
 *
 * @param link the interface's name
 * @param v4 what there is of IPv4
 * @param v6 what there is of IPv6
 * @param guest what the guest is to have, compared with {@link NetworkState#EMPTY}; the interface
 *     is a NIC of it
 */
public record Uplink(String link, Optional<End> v4, Optional<End> v6, NetworkState guest) {
  /** fe80::/64. */
  private static final long LINK_PREFIX = 0xfe80L << 48;

  /** Of a hardware address, in the upper half of an address of IPv6. */
  private static final long UNIVERSAL_BIT = 0x02L << 56;

  /** An administrator's, as one that is added by hand. */
  private static final int STATIC = 4;

  private static final long V6_METRIC = 1024;

  /** For routes without a gateway: any address does, as whatever is asked for is answered. */
  private static final IpAddress NO_GATEWAY = new IpAddress(false, 0, 0xa9fe_0101L);

  private static final IpAddress NO_GATEWAY_V6 = new IpAddress(true, 0xfe80L << 48, 1);

  /**
   * One family's part.
   *
   * @param address the first of the interface's addresses
   * @param gateway the next machine, or what stands for it
   */
  public record End(Prefix address, IpAddress gateway) {}

  /**
   * Finds the interface: that of the default route, IPv4's before IPv6's, or else the first one
   * that is up and has an address.
   *
   * @param namespace what is there
   * @param mac the address of the guest's side
   * @return empty if nothing leads anywhere
   */
  public static Optional<Uplink> of(NetworkState namespace, String mac) {
    Optional<Route> first = defaultRoute(namespace, false);
    Optional<Route> first6 = defaultRoute(namespace, true);
    Optional<Link> link =
        first.or(() -> first6).isPresent()
            ? named(namespace, over(first.or(() -> first6).orElseThrow()))
            : namespace.links().stream()
                .filter(
                    each ->
                        each.role() != LinkRole.LOOPBACK
                            && each.isUp()
                            && !addresses(namespace, each.name()).isEmpty())
                .findFirst();
    if (link.isEmpty()) {
      return Optional.empty();
    }
    String name = link.get().name();
    List<Address> addresses = new ArrayList<>(addresses(namespace, name));
    Optional<Route> own6 = first6.filter(route -> over(route).equals(name));
    if (own6.isEmpty() && first.or(() -> first6).isPresent()) {
      addresses.removeIf(Address::isV6);
    }
    if (addresses.isEmpty()) {
      return Optional.empty();
    }
    Optional<End> v4 = end(addresses, false, first);
    Optional<End> v6 = end(addresses, true, own6);
    return Optional.of(new Uplink(name, v4, v6, guest(link.get(), mac, addresses, v4, v6)));
  }

  private static Optional<Route> defaultRoute(NetworkState namespace, boolean v6) {
    return namespace.routes().stream()
        .filter(
            route ->
                route.type().equals("unicast")
                    && route.table() == Route.MAIN
                    && route.destination().equals(Prefix.all(v6))
                    && route.hops().stream().anyMatch(hop -> hop.link().isPresent())
                    && named(namespace, over(route)).isPresent())
        .min(Comparator.comparingLong(Route::metric));
  }

  private static String over(Route route) {
    return route.hops().stream().flatMap(hop -> hop.link().stream()).findFirst().orElseThrow();
  }

  private static Optional<Link> named(NetworkState namespace, String name) {
    return namespace.links().stream().filter(link -> link.name().equals(name)).findFirst();
  }

  /** Those that reach farther than the link, as they are in the guest: they do not end there. */
  private static List<Address> addresses(NetworkState namespace, String link) {
    Set<Address> addresses = new LinkedHashSet<>();
    for (Address address : namespace.addresses()) {
      if (address.link().equals(link)
          && address.scope() == Scopes.GLOBAL
          && address.preferred() != 0) {
        addresses.add(
            new Address(
                link,
                address.local(),
                Optional.empty(),
                address.broadcast(),
                Scopes.GLOBAL,
                Optional.empty(),
                Set.of(),
                Address.FOREVER,
                Address.FOREVER,
                0));
      }
    }
    return List.copyOf(addresses);
  }

  private static Optional<End> end(List<Address> addresses, boolean v6, Optional<Route> route) {
    IpAddress gateway =
        route.stream()
            .flatMap(each -> each.hops().stream())
            .flatMap(hop -> hop.gateway().stream())
            .filter(address -> address.v6() == v6)
            .findFirst()
            .orElse(v6 ? NO_GATEWAY_V6 : NO_GATEWAY);
    return addresses.stream()
        .filter(address -> address.isV6() == v6)
        .findFirst()
        .map(address -> new End(address.local(), gateway));
  }

  private static NetworkState guest(
      Link like, String mac, List<Address> addresses, Optional<End> v4, Optional<End> v6) {
    Link nic =
        new Link(
            2,
            like.name(),
            "physical",
            true,
            Optional.of(mac),
            like.mtu(),
            1000,
            Set.of("UP", "LOWER_UP", "MULTICAST"),
            0,
            Optional.empty(),
            Optional.of(v6.isPresent() ? "eui64" : "none"),
            Optional.empty(),
            false,
            Optional.empty(),
            Optional.empty());
    NetworkState empty = NetworkState.EMPTY;
    List<Link> links = new ArrayList<>(empty.links());
    links.add(nic);
    List<Address> all = new ArrayList<>(empty.addresses());
    all.addAll(addresses);
    if (v6.isPresent()) {
      // The last is set first. passt takes the source of whatever the guest sends for its address,
      // and without one of the link that would be none when the guest joins groups.
      all.add(ofLink(like.name(), mac));
    }
    NetworkState state =
        new NetworkState(
            links, all, List.of(), empty.rules(), List.of(), new TreeMap<>(), List.of());
    List<Route> routes = new ArrayList<>(KernelRoutes.of(state, true).values());
    v4.ifPresent(end -> routes.add(toTheWorld(like.name(), end.gateway(), false)));
    v6.ifPresent(end -> routes.add(toTheWorld(like.name(), end.gateway(), true)));
    return state.withRoutes(routes);
  }

  /** The address that the kernel makes of the hardware's (RFC 4291, appendix A). */
  private static Address ofLink(String link, String mac) {
    long bytes = Long.parseLong(mac.replace(":", ""), 16);
    long identifier = (bytes >>> 24 << 40 | 0xff_fe00_0000L | (bytes & 0xff_ffffL)) ^ UNIVERSAL_BIT;
    return new Address(
        link,
        new Prefix(new IpAddress(true, LINK_PREFIX, identifier), 64),
        Optional.empty(),
        Optional.empty(),
        Scopes.LINK,
        Optional.empty(),
        Set.of(),
        Address.FOREVER,
        Address.FOREVER,
        0);
  }

  private static Route toTheWorld(String link, IpAddress gateway, boolean v6) {
    return new Route(
        "unicast",
        Prefix.all(v6),
        Optional.empty(),
        List.of(new NextHop(Optional.of(gateway), Optional.of(link), 1, true)),
        Optional.empty(),
        Route.MAIN,
        STATIC,
        Scopes.GLOBAL,
        v6 ? V6_METRIC : 0,
        0,
        0,
        v6 ? Optional.of("medium") : Optional.empty(),
        OptionalLong.empty(),
        Map.of());
  }
}
