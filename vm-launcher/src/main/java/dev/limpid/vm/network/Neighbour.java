package dev.limpid.vm.network;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A permanent entry of the neighbour tables, or an address that is answered for.
 *
 * @param address whose entry it is
 * @param link the interface's name
 * @param mac the address on the link; empty if it is answered for, or needs none
 * @param proxy whether the namespace answers for the address
 * @param router whether it is a router, IPv6 only
 */
public record Neighbour(
    IpAddress address, String link, Optional<String> mac, boolean proxy, boolean router) {
  private static final Pattern MAC = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){0,31}");

  /**
   * Reads an element of what {@code ip -j neighbour show} prints, or of {@link #toJson}; empty if
   * it comes and goes by itself.
   */
  static Optional<Neighbour> parse(JsonCursor json) {
    boolean permanent = false;
    for (JsonCursor state : json.optionalElements("state")) {
      permanent |= state.asString().equals("PERMANENT");
    }
    boolean proxy = IpText.flag(json, "proxy");
    if (!permanent && !proxy) {
      return Optional.empty();
    }
    return Optional.of(
        new Neighbour(
            IpText.address(json.required("dst")),
            IpText.interfaceName(json.required("dev")),
            proxy ? Optional.empty() : json.optional("lladdr").map(Neighbour::mac),
            proxy,
            IpText.flag(json, "router")));
  }

  JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder().put("dst", address.text()).put("dev", link);
    mac.ifPresent(text -> json.put("lladdr", text));
    if (proxy) {
      json.put("proxy", true);
    } else {
      json.put("state", JsonArray.of(new JsonString("PERMANENT")));
    }
    if (router) {
      json.put("router", true);
    }
    return json.build();
  }

  /** The words of ip-neighbour(8) that say which it is. */
  String identity() {
    return (proxy ? "proxy " : "") + address + " dev " + link;
  }

  /** The words of ip-neighbour(8) that say all of it. */
  String text() {
    StringBuilder text = new StringBuilder(identity());
    if (!proxy) {
      mac.ifPresent(value -> text.append(" lladdr ").append(value));
      text.append(" nud permanent");
    }
    if (router) {
      text.append(" router");
    }
    return text.toString();
  }

  private static String mac(JsonCursor cursor) {
    if (!MAC.matcher(cursor.asString()).matches()) {
      throw cursor.invalid("must be an address of a link");
    }
    return cursor.asString();
  }
}
