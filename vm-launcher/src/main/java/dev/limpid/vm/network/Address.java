package dev.limpid.vm.network;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * An address of an interface.
 *
 * @param link the interface's name
 * @param local the address and the length of its prefix
 * @param peer the address at the other end
 * @param broadcast the broadcast address
 * @param scope the kernel's number: 0 is global, 253 link, 254 host
 * @param label a name that begins with the interface's, IPv4 only
 * @param flags those of {@link #FLAGS} that are set
 * @param valid how long it may be used, in seconds; {@link #FOREVER} if nothing ends it
 * @param preferred how long it is used for new connections, in seconds, {@link #FOREVER} likewise
 * @param metric of the route that comes with it; 0 for the usual one
 */
public record Address(
    String link,
    Prefix local,
    Optional<IpAddress> peer,
    Optional<IpAddress> broadcast,
    int scope,
    Optional<String> label,
    Set<String> flags,
    long valid,
    long preferred,
    long metric) {
  /** The lifetime of what does not end. */
  public static final long FOREVER = 0xffff_ffffL;

  private static final String NO_DETECTION = "nodad";

  /** The flags that an administrator can set; all but {@code noprefixroute} are of IPv6 or rare. */
  static final List<String> FLAGS =
      List.of("noprefixroute", "mngtmpaddr", "home", NO_DETECTION, "autojoin");

  private static final Pattern LABEL = Pattern.compile("[\\x21-\\x7e&&[^\"'#\\\\/%]]{1,15}");

  /** Copies the flags. */
  public Address {
    flags = Set.copyOf(flags);
  }

  /** Reads an element of {@code addr_info}; empty if it is of neither IP. */
  static Optional<Address> parse(String link, JsonCursor json) {
    String family = json.requiredString("family");
    if (!family.equals("inet") && !family.equals("inet6")) {
      return Optional.empty();
    }
    IpAddress address = IpText.address(json.required("local"));
    if (address.v6() != family.equals("inet6")) {
      throw json.required("local").invalid("must be of the family " + family);
    }
    Set<String> flags = new TreeSet<>();
    for (String flag : FLAGS) {
      if (IpText.flag(json, flag)) {
        flags.add(flag);
      }
    }
    return Optional.of(
        new Address(
            link,
            new Prefix(address, (int) json.required("prefixlen").asInteger(0, address.bits())),
            sameFamily(json, "address", address),
            sameFamily(json, "broadcast", address),
            Scopes.parse(json.required("scope")),
            json.optional("label").map(Address::label),
            flags,
            json.optionalUint32("valid_life_time").orElse(FOREVER),
            json.optionalUint32("preferred_life_time").orElse(FOREVER),
            json.optionalUint32("metric").orElse(0)));
  }

  JsonObject toJson() {
    JsonObject.Builder json =
        JsonObject.builder()
            .put("family", isV6() ? "inet6" : "inet")
            .put("local", local.address().text())
            .put("prefixlen", local.length())
            .put("scope", Integer.toString(scope))
            .put("valid_life_time", valid)
            .put("preferred_life_time", preferred)
            .put("metric", metric);
    peer.ifPresent(address -> json.put("address", address.text()));
    broadcast.ifPresent(address -> json.put("broadcast", address.text()));
    label.ifPresent(text -> json.put("label", text));
    for (String flag : FLAGS) {
      if (flags.contains(flag)) {
        json.put(flag, true);
      }
    }
    return json.build();
  }

  boolean isV6() {
    return local.address().v6();
  }

  /** Whether it ends by itself. */
  boolean isPassing() {
    return valid != FOREVER;
  }

  /** The prefix that is behind the interface. */
  Prefix connected() {
    return new Prefix(peer.orElse(local.address()), local.length()).masked();
  }

  /** All of this address but what changes by itself as time goes by. */
  String timelessText() {
    // Records compare themselves by means that cost a verb milliseconds to load.
    return timeless().text() + (flags.contains(NO_DETECTION) ? " nodad" : "");
  }

  private Address timeless() {
    return new Address(
        link,
        local,
        peer,
        broadcast,
        scope,
        label,
        flags,
        isPassing() ? 0 : FOREVER,
        isPassing() ? 0 : preferred,
        metric);
  }

  /** The words of ip-address(8) that say which it is. */
  String identity() {
    StringBuilder text = new StringBuilder();
    if (peer.isPresent()) {
      text.append(local.address())
          .append(" peer ")
          .append(peer.get())
          .append('/')
          .append(local.length());
    } else {
      text.append(local.text());
    }
    return text.append(" dev ").append(link).toString();
  }

  /** The words of ip-address(8) that say all of it but {@code nodad}. */
  String text() {
    StringBuilder text = new StringBuilder(identity());
    broadcast.ifPresent(address -> text.append(" broadcast ").append(address));
    if (!isV6()) {
      text.append(" scope ").append(Scopes.name(scope));
    }
    label.ifPresent(name -> text.append(" label ").append(name));
    if (metric != 0) {
      text.append(" metric ").append(metric);
    }
    text.append(" valid_lft ").append(lifetime(valid));
    text.append(" preferred_lft ").append(lifetime(preferred));
    for (String flag : FLAGS) {
      if (flags.contains(flag) && !flag.equals(NO_DETECTION)) {
        text.append(' ').append(flag);
      }
    }
    return text.toString();
  }

  private static String lifetime(long seconds) {
    return seconds == FOREVER ? "forever" : Long.toString(seconds);
  }

  private static Optional<IpAddress> sameFamily(JsonCursor json, String member, IpAddress local) {
    Optional<IpAddress> found = IpText.optionalAddress(json, member);
    if (found.isPresent() && found.get().v6() != local.v6()) {
      throw json.required(member).invalid("must be of the family of the address");
    }
    return found;
  }

  private static String label(JsonCursor cursor) {
    if (!LABEL.matcher(cursor.asString()).matches()) {
      throw cursor.invalid("must be 1 to 15 characters of ASCII without blanks and quotes");
    }
    return cursor.asString();
  }
}
