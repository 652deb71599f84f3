package dev.limpid.vm.network;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * A network interface of a namespace.
 *
 * @param index its number, which it keeps when it is renamed
 * @param name 1 to 15 characters of ASCII, no blank, quote, slash or colon
 * @param kind the kernel's word for what it is ({@code veth}, {@code macvlan}, {@code vlan}…), or
 *     {@code physical}, {@code loopback}, {@code tap}, {@code tun}, or {@code type-<number>} for
 *     what is none of these
 * @param ethernet whether its frames are Ethernet's
 * @param mac its address, six bytes in lower case; empty if it is no Ethernet
 * @param mtu in bytes
 * @param queueLength of its transmit queue, in packets
 * @param flags those of {@link #FLAGS} that are set
 * @param group 0 unless somebody has set one
 * @param alias a description, if it is of letters, digits and {@code -_.:@/+=,} alone
 * @param addressMode how it makes IPv6 addresses by itself: {@code eui64}, {@code none}, {@code
 *     stable_secret} or {@code random}; empty if it has no IPv6 at all
 * @param parent the link in the same namespace that it is part of (for a veth: its peer)
 * @param elsewhere whether that link is in another namespace
 * @param master the bridge, bond or VRF that it belongs to
 * @param vlan what it is as a VLAN; there if and only if {@code kind} is {@code vlan}
 */
public record Link(
    int index,
    String name,
    String kind,
    boolean ethernet,
    Optional<String> mac,
    long mtu,
    long queueLength,
    Set<String> flags,
    long group,
    Optional<String> alias,
    Optional<String> addressMode,
    Optional<String> parent,
    boolean elsewhere,
    Optional<String> master,
    Optional<Vlan> vlan) {
  /** The flags that are looked at, as iproute2 writes them. */
  static final List<String> FLAGS =
      List.of("UP", "LOWER_UP", "NOARP", "MULTICAST", "ALLMULTI", "PROMISC");

  /** The least MTU with which the kernel does IPv6. */
  static final int LEAST_IPV6_MTU = 1280;

  private static final Set<String> NIC_KINDS =
      Set.of("veth", "macvlan", "ipvlan", "macvtap", "ipvtap", "tap", "physical", "netkit");
  private static final Set<String> FALLBACKS =
      Set.of(
          "tunl0",
          "sit0",
          "gre0",
          "gretap0",
          "erspan0",
          "ip_vti0",
          "ip6_vti0",
          "ip6tnl0",
          "ip6gre0");
  private static final List<String> ADDRESS_MODES =
      List.of("eui64", "none", "stable_secret", "random");
  private static final Pattern MAC = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}");
  private static final Pattern KIND = Pattern.compile("[a-z0-9_-]{1,15}");
  private static final Pattern ALIAS = Pattern.compile("[A-Za-z0-9_.:@/+=,-]{1,255}");
  private static final Pattern OWN_TAP = Pattern.compile("limpid[0-9]{1,9}");
  private static final Pattern TYPE = Pattern.compile("\\[[0-9]{1,5}\\]");

  /** Copies the flags. */
  public Link {
    flags = Set.copyOf(flags);
  }

  /** Reads an element of what {@code ip -j -d -N link show} prints, or of {@link #toJson}. */
  static Link parse(JsonCursor json) {
    String type = json.requiredString("link_type");
    boolean ethernet = type.equals("ether") || type.equals("[1]");
    Optional<JsonCursor> info = json.optional("linkinfo");
    String kind = kind(type, ethernet, info);
    boolean elsewhere =
        json.optional("link_netnsid").isPresent() || json.optional("link_index").isPresent();
    return new Link(
        (int) json.required("ifindex").asInteger(1, Integer.MAX_VALUE),
        IpText.interfaceName(json.required("ifname")),
        kind,
        ethernet,
        ethernet ? Optional.of(mac(json.required("address"))) : Optional.empty(),
        json.required("mtu").asInteger(0, Integer.MAX_VALUE),
        json.optionalUint32("txqlen").orElse(0),
        flags(json),
        IpText.optionalNumber(json, "group", 0, 0xffff_ffffL, 0),
        json.optionalString("ifalias").filter(alias -> ALIAS.matcher(alias).matches()),
        json.optional("inet6_addr_gen_mode").map(Link::addressMode),
        elsewhere ? Optional.empty() : IpText.optionalName(json, "link"),
        elsewhere,
        IpText.optionalName(json, "master"),
        kind.equals("vlan")
            ? Optional.of(Vlan.parse(info.orElseThrow().required("info_data")))
            : Optional.empty());
  }

  JsonObject toJson() {
    JsonObject.Builder json =
        JsonObject.builder()
            .put("ifindex", index)
            .put("ifname", name)
            .put("link_type", ethernet ? "ether" : isLoopback() ? "loopback" : "[65535]")
            .put("mtu", mtu)
            .put("txqlen", queueLength)
            .put("flags", JsonArray.ofStrings(orderedFlags()))
            .put("group", Long.toString(group));
    mac.ifPresent(text -> json.put("address", text));
    alias.ifPresent(text -> json.put("ifalias", text));
    addressMode.ifPresent(text -> json.put("inet6_addr_gen_mode", text));
    parent.ifPresent(text -> json.put("link", text));
    master.ifPresent(text -> json.put("master", text));
    if (elsewhere) {
      json.put("link_netnsid", 0);
    }
    if (!kind.equals("physical") && !isLoopback()) {
      JsonObject info = JsonObject.empty().with("info_kind", kind);
      json.put("linkinfo", vlan.isPresent() ? info.with("info_data", vlan.get().toJson()) : info);
    }
    return json.build();
  }

  /** What becomes of it in the guest. */
  public LinkRole role() {
    if (isLoopback()) {
      return LinkRole.LOOPBACK;
    }
    if ((FALLBACKS.contains(name) && !isUp()) || isOwnTap()) {
      return LinkRole.IGNORED;
    }
    if (master.isPresent()) {
      return LinkRole.UNSUPPORTED;
    }
    if (kind.equals("dummy") || (vlan.isPresent() && parent.isPresent())) {
      return LinkRole.MADE;
    }
    boolean nic = ethernet && (NIC_KINDS.contains(kind) || vlan.isPresent());
    return nic ? LinkRole.NIC : LinkRole.UNSUPPORTED;
  }

  /** Why there is nothing like it in the guest; empty if its role is another one. */
  public Optional<String> unsupported() {
    if (role() != LinkRole.UNSUPPORTED) {
      return Optional.empty();
    }
    if (master.isPresent()) {
      return Optional.of(name + " belongs to " + master.get());
    }
    return Optional.of(
        NIC_KINDS.contains(kind)
            ? name + " is of kind " + kind + ", and no Ethernet"
            : name + " is of kind " + kind);
  }

  /** Whether somebody has set it up. */
  public boolean isUp() {
    return flags.contains("UP");
  }

  /** Whether it is connected. */
  boolean hasCarrier() {
    return flags.contains("LOWER_UP");
  }

  /** Whether the kernel can do IPv6 with it. */
  boolean hasIpv6() {
    return mtu >= LEAST_IPV6_MTU;
  }

  /** Whether both are the same interface, perhaps with another name or other properties. */
  boolean isSameAs(Link other) {
    return role() == other.role()
        && (role() == LinkRole.LOOPBACK || (index == other.index && kind.equals(other.kind)));
  }

  /** This link with another number. */
  Link withIndex(int other) {
    return new Link(
        other,
        name,
        kind,
        ethernet,
        mac,
        mtu,
        queueLength,
        flags,
        group,
        alias,
        addressMode,
        parent,
        elsewhere,
        master,
        vlan);
  }

  /** This link, whose parent is not in the same namespace after all. */
  Link withParentElsewhere() {
    return new Link(
        index,
        name,
        kind,
        ethernet,
        mac,
        mtu,
        queueLength,
        flags,
        group,
        alias,
        addressMode,
        Optional.empty(),
        true,
        master,
        vlan);
  }

  private boolean isLoopback() {
    return kind.equals("loopback");
  }

  private boolean isOwnTap() {
    return kind.equals("tap") && OWN_TAP.matcher(name).matches();
  }

  private List<String> orderedFlags() {
    List<String> ordered = new ArrayList<>();
    for (String flag : FLAGS) {
      if (flags.contains(flag)) {
        ordered.add(flag);
      }
    }
    return ordered;
  }

  private static Set<String> flags(JsonCursor json) {
    Set<String> flags = new TreeSet<>(json.required("flags").asStrings());
    flags.retainAll(FLAGS);
    return flags;
  }

  private static String kind(String type, boolean ethernet, Optional<JsonCursor> info) {
    if (type.equals("loopback") || type.equals("[772]")) {
      return "loopback";
    }
    Optional<JsonCursor> cursor = info.flatMap(object -> object.optional("info_kind"));
    if (cursor.isEmpty()) {
      String number = TYPE.matcher(type).matches() ? type.substring(1, type.length() - 1) : "other";
      return ethernet ? "physical" : "type-" + number;
    }
    String kind = cursor.get().asString();
    if (!KIND.matcher(kind).matches()) {
      throw cursor.get().invalid("must be a kind of interface");
    }
    if (kind.equals("tun")) {
      return ethernet ? "tap" : "tun";
    }
    return kind;
  }

  private static String mac(JsonCursor cursor) {
    if (!MAC.matcher(cursor.asString()).matches()) {
      throw cursor.invalid("must be an Ethernet address");
    }
    return cursor.asString();
  }

  private static String addressMode(JsonCursor cursor) {
    if (!ADDRESS_MODES.contains(cursor.asString())) {
      throw cursor.invalid("must be one of " + String.join(", ", ADDRESS_MODES));
    }
    return cursor.asString();
  }
}
