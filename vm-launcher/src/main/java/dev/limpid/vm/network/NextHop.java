package dev.limpid.vm.network;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.util.Optional;

/**
 * Where a route leads.
 *
 * @param gateway the next machine, which may be of the other family than the route; empty if the
 *     destination itself is reached
 * @param link the interface's name
 * @param weight 1 to 256, of several next hops
 * @param onlink whether the gateway counts as reachable whatever the routes say
 */
public record NextHop(
    Optional<IpAddress> gateway, Optional<String> link, int weight, boolean onlink) {

  static NextHop parse(JsonCursor json) {
    Optional<IpAddress> gateway = IpText.optionalAddress(json, "gateway");
    Optional<JsonCursor> via = json.optional("via");
    if (via.isPresent()) {
      gateway = Optional.of(IpText.address(via.get().required("host")));
    }
    boolean onlink = false;
    for (JsonCursor flag : json.optionalElements("flags")) {
      onlink |= flag.asString().equals("onlink");
    }
    return new NextHop(
        gateway,
        IpText.optionalName(json, "dev"),
        (int) IpText.optionalNumber(json, "weight", 1, 256, 1),
        onlink);
  }

  JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder().put("weight", weight);
    gateway.ifPresent(address -> json.put("gateway", address.text()));
    link.ifPresent(name -> json.put("dev", name));
    if (onlink) {
      json.put("flags", JsonArray.of(new dev.limpid.oci.json.JsonString("onlink")));
    }
    return json.build();
  }

  /** The words of ip-route(8), but for the weight. */
  String text(boolean v6) {
    StringBuilder text = new StringBuilder();
    if (gateway.isPresent()) {
      String family = gateway.get().v6() == v6 ? "" : gateway.get().v6() ? "inet6 " : "inet ";
      text.append(" via ").append(family).append(gateway.get());
    }
    link.ifPresent(name -> text.append(" dev ").append(name));
    if (onlink) {
      text.append(" onlink");
    }
    return text.toString();
  }
}
