package dev.limpid.vm.network;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.vm.device.TapInterface;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A link of a namespace whose traffic goes to a VM: what arrives at the link leaves by a tap, and
 * what arrives at the tap leaves by the link, before the host's kernel has looked at either. The
 * link keeps its addresses; nothing but the VM hears what is sent to them.
 *
 * @param link the link's name
 * @param linkIndex its number in the namespace
 * @param slot that of the {@link TapInterface}
 * @param madeQdisc whether the link has its ingress qdisc for this alone
 * @param madeAllmulticast whether the link takes all multicast traffic for this alone
 */
public record TrafficRedirection(
    String link, int linkIndex, int slot, boolean madeQdisc, boolean madeAllmulticast) {
  /** Behind the filters that others may have put there. */
  private static final int PREFERENCE = 49152;

  /** In front of {@link #PREFERENCE}, and one for each protocol: filters of one are of one. */
  private static final int ARP = PREFERENCE - 4;

  private static final int IPV4 = PREFERENCE - 3;
  private static final int IPV6 = PREFERENCE - 2;
  private static final int NEIGHBOURS = PREFERENCE - 1;

  /**
   * The ports from which processes of the host send in a namespace, if {@link #admitAnswers} has
   * been called for it: those that the guest's kernel does not use by itself.
   */
  public static final String HOST_PORTS = "61440\t65535";

  /** How tc writes the device of a filter that has been removed. */
  private static final String REMOVED = "*";

  /** There only if the host's kernel does IPv6. */
  private static final Path IPV6_SYSCTLS = Path.of("/proc/sys/net/ipv6");

  /** {@link #HOST_PORTS} as a value and a mask. */
  private static final String TO_HOST_PORTS = "61440 0xf000";

  /**
   * The names of the links of a namespace that have filters at their ingress, or can have them.
   *
   * @throws IOException if the namespace can't be looked at
   */
  public static Set<String> filtered(NetworkNamespace namespace) throws IOException {
    Set<String> names = new HashSet<>();
    try {
      for (JsonCursor qdisc : listing(namespace, List.of("tc", "-j", "qdisc", "show")).elements()) {
        String kind = qdisc.requiredString("kind");
        if (kind.equals("ingress") || kind.equals("clsact")) {
          names.add(qdisc.requiredString("dev"));
        }
      }
    } catch (DocumentException broken) {
      throw new IOException(broken.getMessage(), broken);
    }
    return names;
  }

  /**
   * How a link would be joined with a tap. Nothing is changed.
   *
   * @param filtered what {@link #filtered} says of the link's namespace
   */
  public static TrafficRedirection plan(Link link, Set<String> filtered, TapInterface tap) {
    // A veth passes everything on. Others leave out groups that the host's kernel has not joined.
    boolean allmulticast = !link.kind().equals("veth") && !link.flags().contains("ALLMULTI");
    return new TrafficRedirection(
        link.name(), link.index(), tap.slot(), !filtered.contains(link.name()), allmulticast);
  }

  /**
   * Whether nobody has taken away the tap, or the link's filters, which a link also loses when it
   * leaves the namespace, even if it comes back.
   *
   * @param links those of the namespace
   * @param filtered what {@link #filtered} says of it
   */
  public boolean isWhole(List<Link> links, Set<String> filtered) {
    return links.stream().anyMatch(each -> each.name().equals(tap()))
        && currentName(links).filter(filtered::contains).isPresent();
  }

  /** This one of a link that may have been renamed. */
  public TrafficRedirection renamed(List<Link> links) {
    return new TrafficRedirection(
        currentName(links).orElse(link), linkIndex, slot, madeQdisc, madeAllmulticast);
  }

  /**
   * Makes the tap, and joins it. The tap's MTU does not matter: frames of any length pass.
   *
   * @param mark what the tap is to be known by, as its alias: 1 to 255 letters, digits and hyphens
   * @param queues pairs of queues of the tap
   * @throws IOException with the tool's words; what has been made so far is left to {@link #remove}
   */
  public void make(NetworkNamespace namespace, String mark, int queues) throws IOException {
    String tap = tap();
    List<String> links = new ArrayList<>();
    links.add("tuntap add dev " + tap + " mode tap vnet_hdr" + (queues > 1 ? " multi_queue" : ""));
    links.add("link set dev " + tap + " alias " + mark);
    if (Files.exists(IPV6_SYSCTLS)) {
      // It has nothing to say itself.
      links.add("link set dev " + tap + " addrgenmode none");
    }
    links.add("link set dev " + tap + " up");
    if (madeAllmulticast) {
      links.add("link set dev " + link + " allmulticast on");
    }
    batch(namespace, "ip", links);

    List<String> filters = new ArrayList<>();
    if (madeQdisc) {
      filters.add("qdisc add dev " + link + " ingress");
    }
    filters.add("qdisc add dev " + tap + " ingress");
    filters.add(filter(link, "all", PREFERENCE) + "match u32 0 0 " + to("redirect", tap));
    filters.add(filter(tap, "all", PREFERENCE) + "match u32 0 0 " + to("redirect", link));
    batch(namespace, "tc", filters);
  }

  /**
   * Lets answers through to processes of the host in the namespace that ask name servers (port 53)
   * from {@link #HOST_PORTS}: Docker's own name server does. They also get what tells the hardware
   * addresses of neighbours.
   */
  public void admitAnswers(NetworkNamespace namespace) throws IOException {
    String tap = tap();
    List<String> filters = new ArrayList<>();
    filters.add(filter(link, "arp", ARP) + "match u16 2 0xffff at 6 " + to("mirror", tap));
    for (String transport : new String[] {"17", "6"}) {
      filters.add(filter(link, "ip", IPV4) + answers("ip", transport));
      filters.add(filter(link, "ipv6", IPV6) + answers("ip6", transport));
    }
    filters.add(
        filter(link, "ipv6", NEIGHBOURS)
            + "match ip6 protocol 58 0xff match u8 136 0xff at 40 "
            + to("mirror", tap));
    batch(namespace, "tc", filters);
  }

  /** Takes back what {@link #admitAnswers} has done, as far as it is there. */
  public void withholdAnswers(NetworkNamespace namespace) {
    forced(namespace, "tc", removals(link, ARP, NEIGHBOURS));
  }

  /**
   * Puts everything back as it was, in a namespace that may have become another one's: its path may
   * name a new namespace by now, in which there may be another VM.
   *
   * @param mark what {@link #make} has put on the tap
   * @param links those of the namespace
   * @throws IOException if something stays
   */
  public void release(NetworkNamespace namespace, String mark, List<NamedLink> links)
      throws IOException {
    Optional<String> current =
        links.stream().filter(each -> each.index() == linkIndex).map(NamedLink::name).findFirst();
    Optional<NamedLink> tap = links.stream().filter(each -> each.name().equals(tap())).findFirst();
    if (tap.isPresent()
        ? tap.get().alias().equals(mark)
        : current.isPresent() && leadsNowhere(namespace, current.get())) {
      remove(namespace, current);
    }
  }

  /** Whether a link has the filter of {@link #make}, and its tap has been removed. */
  private static boolean leadsNowhere(NetworkNamespace namespace, String link) throws IOException {
    try {
      for (JsonCursor filter : filters(namespace, link).elements()) {
        Optional<JsonCursor> options = filter.optional("options");
        List<JsonCursor> actions =
            options.isPresent() ? options.get().optionalElements("actions") : List.of();
        for (JsonCursor action : actions) {
          if (action.optionalString("to_dev").equals(Optional.of(REMOVED))) {
            return true;
          }
        }
      }
      return false;
    } catch (DocumentException broken) {
      throw new IOException(broken.getMessage(), broken);
    }
  }

  /**
   * Puts everything back as it was. What is not there is no failure.
   *
   * @param current the link's name by now; empty if it has left the namespace
   * @throws IOException if something stays
   */
  public void remove(NetworkNamespace namespace, Optional<String> current) throws IOException {
    List<String> links = new ArrayList<>();
    List<String> filters = new ArrayList<>();
    links.add("link delete dev " + tap());
    if (current.isPresent()) {
      if (madeAllmulticast) {
        links.add("link set dev " + current.get() + " allmulticast off");
      }
      if (madeQdisc) {
        filters.add("qdisc del dev " + current.get() + " ingress");
      } else {
        filters.addAll(removals(current.get(), ARP, PREFERENCE));
      }
    }
    Optional<IOException> ofFilters = forced(namespace, "tc", filters);
    Optional<IOException> failed = forced(namespace, "ip", links).or(() -> ofFilters);
    // What tools say of what is not there differs from version to version.
    if (failed.isPresent() && isLeft(namespace, current)) {
      throw failed.get();
    }
  }

  private boolean isLeft(NetworkNamespace namespace, Optional<String> current) throws IOException {
    if (namespace.links().stream().anyMatch(each -> each.name().equals(tap()))) {
      return true;
    }
    if (current.filter(filtered(namespace)::contains).isEmpty()) {
      return false;
    }
    return madeQdisc || !filters(namespace, current.get()).elements().isEmpty();
  }

  /** The link's name by now; empty if it has left the namespace. */
  public Optional<String> currentName(List<Link> links) {
    for (Link each : links) {
      if (each.index() == linkIndex) {
        return Optional.of(each.name());
      }
    }
    return Optional.empty();
  }

  private static List<String> removals(String link, int first, int last) {
    List<String> lines = new ArrayList<>();
    for (int preference = first; preference <= last; preference++) {
      lines.add("filter del dev " + link + " ingress pref " + preference);
    }
    return lines;
  }

  /** The filter of {@link #make} as tc tells it: nothing, or several objects. */
  private static JsonCursor filters(NetworkNamespace namespace, String link) throws IOException {
    List<String> command = new ArrayList<>(List.of("tc", "-j", "filter", "show", "dev", link));
    command.addAll(List.of("ingress", "pref", Integer.toString(PREFERENCE)));
    return listing(namespace, command);
  }

  private static JsonCursor listing(NetworkNamespace namespace, List<String> command)
      throws IOException {
    String printed = namespace.run(command, Optional.empty()).strip();
    String json = printed.isEmpty() ? "[]" : printed;
    try {
      return JsonCursor.root(
          "tc", new JsonReader("tc").parse(json.getBytes(StandardCharsets.UTF_8)));
    } catch (DocumentException broken) {
      throw new IOException(broken.getMessage(), broken);
    }
  }

  private String tap() {
    return new TapInterface(slot).name();
  }

  private static String filter(String device, String protocol, int preference) {
    return "filter add dev "
        + device
        + " ingress protocol "
        + protocol
        + " pref "
        + preference
        + " u32 ";
  }

  private static String to(String how, String device) {
    // A copy goes to the host's kernel as well.
    return "action mirred egress " + how + " dev " + device + (how.equals("mirror") ? " pass" : "");
  }

  private static String answers(String family, String transport) {
    return "match "
        + family
        + " protocol "
        + transport
        + " 0xff match "
        + family
        + " sport 53 0xffff match "
        + family
        + " dport "
        + TO_HOST_PORTS
        // A class, which an ingress qdisc has not: without one it would not be a match.
        + " flowid :1";
  }

  private static void batch(NetworkNamespace namespace, String tool, List<String> lines)
      throws IOException {
    namespace.run(List.of(tool, "-batch", "-"), Optional.of(String.join("\n", lines) + "\n"));
  }

  /** Runs all lines, whichever fail; returns what the tool has complained of. */
  private static Optional<IOException> forced(
      NetworkNamespace namespace, String tool, List<String> lines) {
    try {
      namespace.run(
          List.of(tool, "-force", "-batch", "-"), Optional.of(String.join("\n", lines) + "\n"));
      return Optional.empty();
    } catch (IOException failed) {
      return Optional.of(failed);
    }
  }
}
