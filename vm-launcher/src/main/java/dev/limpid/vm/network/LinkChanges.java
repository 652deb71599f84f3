package dev.limpid.vm.network;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What is different about the links of two states of a namespace, of those that the guest has. */
final class LinkChanges {
  private static final String LINK_LOCAL = "fe80::/64";

  private final NetworkState before;
  private final NetworkState after;
  private final List<Link> old;
  private final List<Link> now;

  LinkChanges(NetworkState before, NetworkState after) {
    this.before = before;
    this.after = after;
    this.old = before.guestLinks();
    this.now = parentsFirst(inOrderOfRoutes(after));
  }

  NetworkState before() {
    return before;
  }

  NetworkState after() {
    return after;
  }

  /** The names of the links that the guest has, in the order in which they are set up. */
  List<String> names() {
    return now.stream().map(Link::name).toList();
  }

  List<Link> vanished() {
    return old.stream().filter(link -> isNic(link) && isGone(link)).toList();
  }

  List<Link> appeared() {
    return now.stream().filter(link -> isNic(link) && isNew(link)).toList();
  }

  /** Whether a link that was there, by its old name, still is, with whatever name. */
  boolean remains(String oldName) {
    return old.stream().anyMatch(link -> link.name().equals(oldName) && !isGone(link));
  }

  /** The name that a link has now which was there, if it remains. */
  Optional<String> nameNow(String oldName) {
    return old.stream()
        .filter(link -> link.name().equals(oldName))
        .findFirst()
        .flatMap(link -> counterpart(link, now))
        .map(Link::name);
  }

  /** Whether a link that was there, by its old name, had IPv6 and has it still. */
  boolean keepsIpv6(String oldName) {
    return old.stream()
        .filter(link -> link.name().equals(oldName) && link.hasIpv6())
        .findFirst()
        .flatMap(link -> counterpart(link, now))
        .filter(Link::hasIpv6)
        .isPresent();
  }

  /** The names of links of which the guest knows nothing under this name. */
  Set<String> fresh() {
    Set<String> names = new HashSet<>();
    for (Link link : now) {
      if (isNew(link) || isRenamed(link)) {
        names.add(link.name());
      }
    }
    return names;
  }

  /** The names of links that are set up now and were not before. */
  Set<String> rising() {
    Set<String> names = new HashSet<>();
    for (Link link : now) {
      if (isRising(link)) {
        names.add(link.name());
      }
    }
    return names;
  }

  /** Takes away links that were made, and renames: all to names that nobody has, then to theirs. */
  List<String> undo() {
    List<String> lines = new ArrayList<>();
    for (Link link : old) {
      if (link.role() == LinkRole.MADE && isGone(link)) {
        lines.add("link del dev " + link.name());
      }
    }
    List<String> second = new ArrayList<>();
    for (Link link : now) {
      if (isRenamed(link)) {
        // Our taps' names have no hyphen, and an index at most ten digits.
        String aside = "lim-" + link.index();
        String name = was(link).orElseThrow().name();
        lines.add("link set dev " + name + " down");
        lines.add("link set dev " + name + " name " + aside);
        second.add("link set dev " + aside + " name " + link.name());
      }
    }
    lines.addAll(second);
    return lines;
  }

  /** Everything but whether a link is up. */
  List<String> settings() {
    List<String> lines = new ArrayList<>();
    for (Link link : now) {
      Optional<Link> was = was(link);
      if (was.isEmpty() && link.role() == LinkRole.MADE) {
        lines.add(making(link));
      }
      set(lines, link, "address", link.mac(), was.flatMap(Link::mac));
      set(lines, link, "mtu", number(link.mtu()), was.flatMap(old -> number(old.mtu())));
      set(
          lines,
          link,
          "txqueuelen",
          number(link.queueLength()),
          was.flatMap(old -> number(old.queueLength())));
      set(
          lines,
          link,
          "group",
          number(link.group()),
          Optional.of(Long.toString(was.map(Link::group).orElse(0L))));
      set(lines, link, "alias", link.alias(), was.flatMap(Link::alias));
      if (link.alias().isEmpty() && was.flatMap(Link::alias).isPresent()) {
        lines.add("link set dev " + link.name() + " alias \"\"");
      }
      flags(lines, link, was);
      boolean none = isRising(link) && link.hasIpv6() && link.role() != LinkRole.LOOPBACK;
      if (none) {
        // Or the kernel would make a link-local address when it gets up; the host's is added.
        lines.add("link set dev " + link.name() + " addrgenmode none");
      } else if (link.hasIpv6() && !isSameMode(link, was)) {
        lines.add(addressMode(link));
      }
    }
    return lines;
  }

  /** Sets links down. */
  List<String> falls() {
    List<String> lines = new ArrayList<>();
    for (Link link : now) {
      Optional<Link> was = was(link);
      if (!link.isUp() && was.isPresent() && was.get().isUp() && !isRenamed(link)) {
        lines.add("link set dev " + link.name() + " down");
      }
    }
    return lines;
  }

  /** Sets links up, those first on which others are. */
  List<String> rises() {
    return now.stream().filter(this::isRising).map(LinkChanges::rise).toList();
  }

  /** The kernel itself says only some time later of a device that it is of use. */
  private static String rise(Link link) {
    String state = link.role() == LinkRole.NIC ? " state up" : "";
    return "link set dev " + link.name() + " up" + state;
  }

  /** Lets links that are up make addresses of their own again. */
  List<String> addressModes() {
    return now.stream()
        .filter(
            link ->
                isRising(link)
                    && link.hasIpv6()
                    && link.role() != LinkRole.LOOPBACK
                    && !mode(link).equals("none"))
        .map(LinkChanges::addressMode)
        .toList();
  }

  private static void flags(List<String> lines, Link link, Optional<Link> was) {
    Map<String, String> words =
        new TreeMap<>(
            Map.of(
                "NOARP",
                "arp",
                "MULTICAST",
                "multicast",
                "ALLMULTI",
                "allmulticast",
                "PROMISC",
                "promisc"));
    words.forEach(
        (flag, word) -> {
          boolean usual = flag.equals("MULTICAST");
          boolean set = link.flags().contains(flag);
          boolean wasSet = was.map(old -> old.flags().contains(flag)).orElse(usual);
          // A dummy does without ARP, and so does a VLAN of such a one.
          boolean unsure = was.isEmpty() && link.role() == LinkRole.MADE;
          if (set != wasSet || (unsure && flag.equals("NOARP"))) {
            boolean on = flag.equals("NOARP") != set;
            lines.add("link set dev " + link.name() + " " + word + (on ? " on" : " off"));
          }
        });
  }

  private static void set(
      List<String> lines,
      Link link,
      String word,
      Optional<String> value,
      Optional<String> oldValue) {
    if (value.isPresent() && !value.equals(oldValue)) {
      lines.add("link set dev " + link.name() + " " + word + " " + value.get());
    }
  }

  private static Optional<String> number(long number) {
    return Optional.of(Long.toString(number));
  }

  private static String making(Link link) {
    StringBuilder line = new StringBuilder("link add ");
    link.parent().ifPresent(parent -> line.append("link ").append(parent).append(' '));
    line.append("name ").append(link.name()).append(" type ");
    return line.append(link.vlan().map(Vlan::text).orElse(link.kind())).toString();
  }

  private static boolean isSameMode(Link link, Optional<Link> was) {
    return was.isPresent() ? mode(was.get()).equals(mode(link)) : mode(link).equals("eui64");
  }

  private static String addressMode(Link link) {
    return "link set dev " + link.name() + " addrgenmode " + mode(link);
  }

  /** The mode for the guest, which does not have the host's secret. */
  private static String mode(Link link) {
    String mode = link.addressMode().orElse("none");
    return mode.equals("stable_secret") ? "none" : mode;
  }

  private boolean isRising(Link link) {
    Optional<Link> was = was(link);
    return link.isUp() && (was.isEmpty() || !was.get().isUp() || isRenamed(link));
  }

  private boolean isRenamed(Link link) {
    return was(link).filter(old -> !old.name().equals(link.name())).isPresent();
  }

  private boolean isNew(Link link) {
    return was(link).isEmpty();
  }

  private boolean isGone(Link link) {
    return counterpart(link, now).isEmpty();
  }

  /** What a link was before. */
  private Optional<Link> was(Link link) {
    return counterpart(link, old);
  }

  private static Optional<Link> counterpart(Link link, List<Link> others) {
    return others.stream().filter(link::isSameAs).findFirst();
  }

  private static boolean isNic(Link link) {
    return link.role() == LinkRole.NIC;
  }

  /**
   * The kernel lists routes that differ only in their links in the order in which the links were
   * set up: that of the link-local prefix, which each has, tells it.
   */
  private static List<Link> inOrderOfRoutes(NetworkState state) {
    List<String> names = new ArrayList<>();
    for (Route route : state.routes()) {
      if (route.protocol() == Route.KERNEL && route.destination().text().equals(LINK_LOCAL)) {
        route.hops().forEach(hop -> hop.link().ifPresent(names::add));
      }
    }
    List<Link> ordered = new ArrayList<>(state.guestLinks());
    ordered.sort(
        Comparator.comparingInt(
            link -> names.contains(link.name()) ? names.indexOf(link.name()) : names.size()));
    return ordered;
  }

  private static List<Link> parentsFirst(List<Link> links) {
    List<Link> ordered = new ArrayList<>();
    List<Link> left = new ArrayList<>(links);
    Set<String> done = new HashSet<>();
    while (!left.isEmpty()) {
      List<Link> later = new ArrayList<>();
      Set<String> ready = new HashSet<>();
      for (Link link : left) {
        boolean waits =
            link.role() == LinkRole.MADE
                && link.parent().isPresent()
                && !done.contains(link.parent().get());
        (waits ? later : ordered).add(link);
        if (!waits) {
          ready.add(link.name());
        }
      }
      if (ready.isEmpty()) {
        // In a circle: the kernel makes none, and nothing here would end.
        break;
      }
      done.addAll(ready);
      left = later;
    }
    return ordered;
  }
}
