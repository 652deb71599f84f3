package dev.limpid.vm.network;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is different about routes. */
final class RouteChanges {
  private final List<Route> removed = new ArrayList<>();
  private final List<Route> added = new ArrayList<>();

  /** Routes that the kernel makes of addresses, and that somebody has taken away. */
  private final List<String> unwanted = new ArrayList<>();

  /** Such as are beside several others, which are not to be taken for one of them. */
  private final List<String> unwantedBeside = new ArrayList<>();

  private final Map<String, Integer> keys = new HashMap<>();

  RouteChanges(LinkChanges links, AddressChanges addresses) {
    Set<String> names = links.after().guestNames();
    List<Route> now = ofGuest(links.after(), names);
    List<Route> before = ofGuest(links.before(), links.before().guestNames());
    Set<String> texts = texts(now);
    Set<String> known = texts(before);
    Set<String> made = KernelRoutes.of(links.after(), false).keySet();
    Map<String, Route> madeByNow = KernelRoutes.of(links.after(), true);
    Set<String> madeBefore = KernelRoutes.of(links.before(), true).keySet();
    Set<String> lost = links.fresh();
    lost.addAll(links.rising());
    now.forEach(route -> keys.merge(family(route) + route.key(), 1, Integer::sum));
    for (Route route : before) {
      boolean gone =
          route.hops().stream()
              .anyMatch(
                  hop ->
                      hop.link()
                          .filter(name -> links.nameNow(name).filter(name::equals).isEmpty())
                          .isPresent());
      boolean alone = route.hops().size() <= 1;
      String text = route.timeless().text();
      // What the kernel makes of an address that stays goes last: gateways may be behind it.
      boolean kept = texts.contains(text) || madeByNow.containsKey(text);
      if (!kept && !(gone && alone) && !route.isPassing()) {
        removed.add(route);
      }
    }
    for (Route route : now) {
      String text = route.timeless().text();
      boolean again =
          route.hops().stream()
              .anyMatch(
                  hop ->
                      hop.link()
                          .filter(
                              name -> lost.contains(name) || addresses.disturbs(name, route.isV6()))
                          .isPresent());
      boolean kernels = made.contains(text) && (again || !known.contains(text));
      boolean takenAwayBefore = madeBefore.contains(text) && !known.contains(text);
      if ((again || !known.contains(text)) && (!kernels || takenAwayBefore)) {
        added.add(route);
        if (known.contains(text) && !isAlone(route)) {
          // It can't replace itself without replacing those beside it.
          removed.add(route);
        }
      }
    }
    for (Map.Entry<String, Route> entry : madeByNow.entrySet()) {
      String text = entry.getKey();
      Route route = entry.getValue();
      boolean toldBefore = madeBefore.contains(text) && !known.contains(text);
      boolean again = lost.stream().anyMatch(route::leadsOver);
      if (!texts.contains(text) && (again || !toldBefore)) {
        int beside = keys.getOrDefault(family(route) + route.key(), 0);
        if (beside == 0) {
          unwanted.add(text);
        } else if (beside > 1) {
          unwantedBeside.add(text);
        }
        // One that is alone replaces it.
      }
    }
  }

  /** Takes away what is not there any more, what others need last. */
  List<String> undo() {
    List<String> lines = new ArrayList<>();
    for (Route route : removed) {
      if (route.hasGateway()) {
        lines.add("route del " + route.text());
      }
    }
    for (Route route : removed) {
      if (!route.hasGateway()) {
        lines.add("route del " + route.text());
      }
    }
    return lines;
  }

  /** Adds what is new, what others need first. */
  List<String> additions() {
    List<String> lines = new ArrayList<>();
    takeAway(unwantedBeside, lines);
    for (Route route : added) {
      if (!route.hasGateway()) {
        lines.add(addition(route));
      }
    }
    for (Route route : added) {
      if (route.hasGateway()) {
        lines.add(addition(route));
      }
    }
    // Gateways may be behind these.
    takeAway(unwanted, lines);
    return lines;
  }

  /** Whether the kernel has made them or not: then they are there, and then they are not. */
  private static void takeAway(List<String> texts, List<String> lines) {
    for (String text : texts) {
      lines.add("route replace " + text);
      lines.add("route del " + text);
    }
  }

  /** One that is alone replaces what is there; several beside each other are put there in order. */
  private String addition(Route route) {
    return "route " + (isAlone(route) ? "replace " : "append ") + route.text();
  }

  private boolean isAlone(Route route) {
    return keys.get(family(route) + route.key()) == 1;
  }

  private static String family(Route route) {
    return route.isV6() ? "6 " : "4 ";
  }

  private static Set<String> texts(List<Route> routes) {
    Set<String> texts = new HashSet<>();
    routes.forEach(route -> texts.add(route.timeless().text()));
    return texts;
  }

  private static List<Route> ofGuest(NetworkState state, Set<String> names) {
    return state.routes().stream()
        .filter(
            route ->
                route.hops().stream()
                    .allMatch(hop -> hop.link().filter(name -> !names.contains(name)).isEmpty()))
        .toList();
  }
}
