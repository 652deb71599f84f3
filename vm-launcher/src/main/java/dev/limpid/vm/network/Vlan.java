package dev.limpid.vm.network;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.vm.network.IpText.Word;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What makes a link a VLAN.
 *
 * @param protocol {@code 802.1Q} or {@code 802.1ad}
 * @param id 0 to 4094
 * @param flags those that are set, as ip-link(8) writes them: {@code reorder_hdr}, {@code gvrp},
 *     {@code mvrp}, {@code loose_binding}, {@code bridge_binding}
 * @param ingress priorities of frames to those of packets, each {@code from:to}
 * @param egress priorities of packets to those of frames, each {@code from:to}
 */
public record Vlan(
    String protocol, int id, Set<String> flags, List<String> ingress, List<String> egress) {
  private static final List<Word> PROTOCOLS =
      List.of(new Word("802.1Q", 0x8100), new Word("802.1ad", 0x88a8));
  private static final List<String> FLAGS =
      List.of("reorder_hdr", "gvrp", "mvrp", "loose_binding", "bridge_binding");

  /** Copies the collections. */
  public Vlan {
    flags = Set.copyOf(flags);
    ingress = List.copyOf(ingress);
    egress = List.copyOf(egress);
  }

  static Vlan parse(JsonCursor data) {
    Set<String> flags = new TreeSet<>();
    for (JsonCursor flag : data.optionalElements("flags")) {
      String name = flag.asString().toLowerCase(java.util.Locale.ROOT);
      if (!FLAGS.contains(name)) {
        throw flag.invalid("must be one of " + String.join(", ", FLAGS));
      }
      flags.add(name);
    }
    return new Vlan(
        protocol(data.required("protocol")),
        (int) data.required("id").asInteger(0, 4094),
        flags,
        map(data, "ingress_qos"),
        map(data, "egress_qos"));
  }

  JsonObject toJson() {
    List<String> upper = new ArrayList<>();
    for (String flag : FLAGS) {
      if (flags.contains(flag)) {
        upper.add(flag);
      }
    }
    return JsonObject.builder()
        .put("protocol", protocol)
        .put("id", id)
        .put("flags", JsonArray.ofStrings(upper))
        .put("ingress_qos", json(ingress))
        .put("egress_qos", json(egress))
        .build();
  }

  /** The words of ip-link(8) behind {@code type}. */
  String text() {
    StringBuilder text =
        new StringBuilder("vlan protocol ").append(protocol).append(" id ").append(id);
    for (String flag : FLAGS) {
      text.append(' ').append(flag).append(flags.contains(flag) ? " on" : " off");
    }
    if (!ingress.isEmpty()) {
      text.append(" ingress-qos-map ").append(String.join(" ", ingress));
    }
    if (!egress.isEmpty()) {
      text.append(" egress-qos-map ").append(String.join(" ", egress));
    }
    return text.toString();
  }

  /** With -N the number is in brackets. */
  private static String protocol(JsonCursor cursor) {
    String text = cursor.asString();
    for (Word word : PROTOCOLS) {
      if (text.equals(word.name()) || text.equals("[" + word.number() + "]")) {
        return word.name();
      }
    }
    throw cursor.invalid("must be 802.1Q or 802.1ad");
  }

  private static List<String> map(JsonCursor data, String member) {
    List<String> pairs = new ArrayList<>();
    for (JsonCursor pair : data.optionalElements(member)) {
      pairs.add(pair.required("from").asUint32() + ":" + pair.required("to").asUint32());
    }
    return pairs;
  }

  private static JsonArray json(List<String> pairs) {
    List<JsonValue> elements = new ArrayList<>();
    for (String pair : pairs) {
      int colon = pair.indexOf(':');
      elements.add(
          JsonObject.builder()
              .put("from", Long.parseLong(pair.substring(0, colon)))
              .put("to", Long.parseLong(pair.substring(colon + 1)))
              .build());
    }
    return new JsonArray(elements);
  }
}
