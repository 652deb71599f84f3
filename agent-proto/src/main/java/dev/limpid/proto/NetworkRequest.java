package dev.limpid.proto;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Changes the guest's network, in this order. The texts are lines for {@code ip -batch}, or, where
 * the name ends so, for {@code ip -6 -batch}. The result is empty.
 *
 * @param undo6 as the next, of rules of IPv6
 * @param undo takes away what is not on the host any more; what is not in the guest either is no
 *     failure
 * @param nics devices that have been plugged in
 * @param links makes and changes links
 * @param sysctls of the network; what the guest's kernel does not have is left out
 * @param configuration addresses, routes, rules, neighbours
 * @param configuration6 rules of IPv6
 * @param resolver whether the agent answers at 127.0.0.11, port 53, with what the host says there
 */
public record NetworkRequest(
    String undo6,
    String undo,
    List<GuestNic> nics,
    String links,
    List<GuestSysctl> sysctls,
    String configuration,
    String configuration6,
    boolean resolver)
    implements AgentRequest {
  private static final int TEXT_MAX = 256 << 10;

  /** Checks the bounds and makes the lists immutable. */
  public NetworkRequest {
    nics = List.copyOf(nics);
    sysctls = List.copyOf(sysctls);
    check("changes to undo", undo6);
    check("changes to undo", undo);
    check("changes of links", links);
    check("addresses, routes, rules and neighbours", configuration);
    check("rules", configuration6);
    if (nics.size() > GuestNic.COUNT_MAX) {
      throw new IllegalArgumentException(
          nics.size() + " network devices: at most " + GuestNic.COUNT_MAX);
    }
  }

  private static void check(String what, String text) {
    if (text.getBytes(StandardCharsets.UTF_8).length > TEXT_MAX) {
      throw new IllegalArgumentException(
          "the network's " + what + " take more than " + TEXT_MAX + " bytes");
    }
  }

  @Override
  public String method() {
    return "network";
  }

  @Override
  public JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder().put("method", method());
    put(json, "undo6", undo6);
    put(json, "undo", undo);
    if (!nics.isEmpty()) {
      List<JsonValue> elements = new ArrayList<>();
      for (GuestNic nic : nics) {
        elements.add(nic.toJson());
      }
      json.put("nics", new JsonArray(elements));
    }
    put(json, "links", links);
    if (!sysctls.isEmpty()) {
      List<JsonValue> elements = new ArrayList<>();
      for (GuestSysctl sysctl : sysctls) {
        elements.add(sysctl.toJson());
      }
      json.put("sysctls", new JsonArray(elements));
    }
    put(json, "configuration", configuration);
    put(json, "configuration6", configuration6);
    json.put("resolver", resolver);
    return json.build();
  }

  private static void put(JsonObject.Builder json, String key, String text) {
    if (!text.isEmpty()) {
      json.put(key, text);
    }
  }
}
