package dev.limpid.vm.network;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What is different about settings. */
final class SysctlChanges {
  private static final int RANKS = 3;
  private static final String IPV6 = "net/ipv6/";
  private static final String FORWARD = "net/ipv4/ip_forward";

  /** Of these the kernel sets those of each interface when that of all is written. */
  private static final Set<String> OF_ALL =
      Set.of(
          "net/ipv6/conf/all/forwarding",
          "net/ipv6/conf/all/disable_ipv6",
          "net/ipv6/conf/all/disable_policy",
          "net/ipv6/conf/all/ignore_routes_with_linkdown");

  private final LinkChanges links;

  SysctlChanges(LinkChanges links) {
    this.links = links;
  }

  /** What is to be written, in this order: some settings change those of all interfaces. */
  Map<String, String> writes() {
    SortedMap<String, Sysctl> now = links.after().sysctls();
    SortedMap<String, Sysctl> before = known();
    SortedMap<String, String> values = new TreeMap<>();
    before.forEach(
        (name, sysctl) -> {
          if (!now.containsKey(name)) {
            values.put(name, sysctl.pristine());
          }
        });
    now.forEach(
        (name, sysctl) -> {
          Sysctl old = before.get(name);
          if (old == null || !old.value().equals(sysctl.value())) {
            values.put(name, sysctl.value());
          }
        });
    spread(values, now, before);
    Map<String, String> ordered = new LinkedHashMap<>();
    for (int rank = 0; rank <= RANKS; rank++) {
      for (Map.Entry<String, String> entry : values.entrySet()) {
        if (rank(entry.getKey()) == rank) {
          ordered.put(entry.getKey(), entry.getValue());
        }
      }
    }
    return ordered;
  }

  /**
   * What is written of all interfaces, or of those to come, also changes those that are there: each
   * gets its own value again.
   */
  private void spread(
      Map<String, String> values, SortedMap<String, Sysctl> now, SortedMap<String, Sysctl> before) {
    for (String name : List.copyOf(values.keySet())) {
      String pristine = (now.containsKey(name) ? now.get(name) : before.get(name)).pristine();
      if (name.equals(FORWARD)) {
        spread(values, now, "net/ipv4/conf/default/forwarding", pristine, true);
      } else if (OF_ALL.contains(name) || name.contains("/conf/default/")) {
        String ofDefault = SysctlReading.withLink(name, "default");
        spread(values, now, ofDefault, pristine, OF_ALL.contains(name));
      }
    }
  }

  private void spread(
      Map<String, String> values,
      SortedMap<String, Sysctl> now,
      String ofDefault,
      String pristine,
      boolean loopbackToo) {
    put(values, now, ofDefault, pristine);
    for (Link link : links.after().guestLinks()) {
      String ofLink = SysctlReading.withLink(ofDefault, link.name());
      boolean possible = link.hasIpv6() || !ofLink.startsWith(IPV6);
      // What else is usual for lo is not what is usual for others.
      boolean usual = loopbackToo || link.role() != LinkRole.LOOPBACK;
      if (possible && SysctlReading.isName(ofLink) && (usual || now.containsKey(ofLink))) {
        put(values, now, ofLink, pristine);
      }
    }
  }

  private static void put(
      Map<String, String> values, SortedMap<String, Sysctl> now, String name, String pristine) {
    values.putIfAbsent(name, now.containsKey(name) ? now.get(name).value() : pristine);
  }

  private static int rank(String name) {
    if (name.equals(FORWARD) || name.equals("net/ipv6/conf/all/forwarding")) {
      return 0;
    }
    if (name.contains("/conf/all/")) {
      return 1;
    }
    return name.contains("/conf/default/") ? 2 : RANKS;
  }

  /** What the guest has been told of the interfaces that it still has, under their names now. */
  private SortedMap<String, Sysctl> known() {
    Set<String> names = links.before().guestNames();
    SortedMap<String, Sysctl> known = new TreeMap<>();
    links
        .before()
        .sysctls()
        .forEach(
            (name, sysctl) -> {
              String link = SysctlReading.link(name);
              if (link.isEmpty()) {
                known.put(name, sysctl);
              } else if (names.contains(link)) {
                boolean ipv6 = name.startsWith(IPV6);
                links
                    .nameNow(link)
                    .filter(now -> !ipv6 || links.keepsIpv6(link))
                    .ifPresent(now -> known.put(SysctlReading.withLink(name, now), sysctl));
              }
            });
    return known;
  }
}
