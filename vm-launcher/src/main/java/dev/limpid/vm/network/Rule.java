package dev.limpid.vm.network;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.vm.network.IpText.Word;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A rule that says which table is looked at.
 *
 * @param v6 whether it is about IPv6
 * @param priority its place among the rules; several may have the same
 * @param words the selector and the action as ip-rule(8) has them
 */
public record Rule(boolean v6, long priority, List<String> words) {
  private static final List<Word> ACTIONS =
      List.of(new Word("blackhole", 6), new Word("unreachable", 7), new Word("prohibit", 8));
  private static final List<Word> PROTOCOLS =
      List.of(
          new Word("icmp", 1),
          new Word("tcp", 6),
          new Word("udp", 17),
          new Word("dccp", 33),
          new Word("gre", 47),
          new Word("ipv6-icmp", 58),
          new Word("sctp", 132));

  /** The members that are understood; what has others can't be carried over. */
  private static final Set<String> KNOWN =
      Set.of(
          "priority",
          "not",
          "src",
          "srclen",
          "dst",
          "dstlen",
          "tos",
          "fwmark",
          "fwmask",
          "iif",
          "iif_detached",
          "oif",
          "oif_detached",
          "uid_start",
          "uid_end",
          "ipproto",
          "sport",
          "sport_start",
          "sport_end",
          "dport",
          "dport_start",
          "dport_end",
          "tun_id",
          "table",
          "suppress_prefixlen",
          "protocol",
          "goto",
          "unresolved",
          "nop",
          "action");

  /** Copies the words. */
  public Rule {
    words = List.copyOf(words);
  }

  /** The rules that the kernel makes in each namespace. */
  static List<Rule> defaults() {
    return List.of(
        lookup(false, 0, Route.LOCAL),
        lookup(false, 32766, Route.MAIN),
        lookup(false, 32767, 253),
        lookup(true, 0, Route.LOCAL),
        lookup(true, 32766, Route.MAIN));
  }

  private static Rule lookup(boolean v6, long priority, long table) {
    return new Rule(
        v6, priority, List.of("from", "all", "lookup", Long.toString(table), "protocol", "2"));
  }

  /**
   * What cannot be carried over, in words.
   *
   * @return empty if {@link #parse} understands all of it
   */
  static Optional<String> unsupported(JsonCursor json) {
    for (String member : json.asObject().members().keySet()) {
      if (!KNOWN.contains(member)) {
        return Optional.of(json.remark("a rule with " + dev.limpid.oci.json.QuotedText.of(member)));
      }
    }
    return Optional.empty();
  }

  /** Reads an element of what {@code ip -j -d -N rule show} prints. */
  static Rule parse(boolean v6, JsonCursor json) {
    List<String> words = new ArrayList<>();
    if (IpText.flag(json, "not")) {
      words.add("not");
    }
    words.add("from");
    words.add(prefix(v6, json, "src", "srclen").orElse("all"));
    prefix(v6, json, "dst", "dstlen").ifPresent(to -> add(words, "to", to));
    json.optional("tos")
        .ifPresent(tos -> add(words, "tos", "0x" + Long.toHexString(IpText.number(tos, 0, 255))));
    mark(json).ifPresent(mark -> add(words, "fwmark", mark));
    IpText.optionalName(json, "iif").ifPresent(name -> add(words, "iif", name));
    IpText.optionalName(json, "oif").ifPresent(name -> add(words, "oif", name));
    json.optional("uid_start")
        .ifPresent(
            start ->
                add(
                    words,
                    "uidrange",
                    start.asUint32() + "-" + json.required("uid_end").asUint32()));
    json.optional("ipproto").ifPresent(protocol -> add(words, "ipproto", protocol(protocol)));
    ports(json, "sport").ifPresent(ports -> add(words, "sport", ports));
    ports(json, "dport").ifPresent(ports -> add(words, "dport", ports));
    json.optional("tun_id")
        .ifPresent(id -> add(words, "tun_id", Long.toUnsignedString(id.asUint64())));
    action(json, words);
    json.optional("suppress_prefixlen")
        .ifPresent(
            length -> add(words, "suppress_prefixlength", Long.toString(length.asInteger(0, 128))));
    long protocol = IpText.optionalNumber(json, "protocol", 0, 255, 0);
    if (protocol != 0) {
      add(words, "protocol", Long.toString(protocol));
    }
    return new Rule(v6, json.required("priority").asUint32(), words);
  }

  /** Reads what {@link #toJson} writes. */
  static Rule fromJson(JsonCursor json) {
    List<String> words = new ArrayList<>();
    for (JsonCursor word : json.required("words").elements()) {
      boolean harmless =
          !word.asString().isEmpty()
              && word.asString().length() <= 64
              && word.asString()
                  .chars()
                  .allMatch(c -> c > ' ' && c < 0x7f && "\"'#\\".indexOf(c) < 0);
      if (!harmless) {
        throw word.invalid("must be a word without blanks and quotes");
      }
      words.add(word.asString());
    }
    return new Rule(json.optionalBoolean("v6"), json.required("priority").asUint32(), words);
  }

  JsonObject toJson() {
    return JsonObject.builder()
        .put("v6", v6)
        .put("priority", priority)
        .put("words", JsonArray.ofStrings(words))
        .build();
  }

  /** The words of ip-rule(8). */
  String text() {
    return "priority " + priority + " " + String.join(" ", words);
  }

  private static void add(List<String> words, String name, String value) {
    words.add(name);
    words.add(value);
  }

  private static Optional<String> prefix(
      boolean v6, JsonCursor json, String member, String lengthMember) {
    Optional<JsonCursor> found = json.optional(member);
    if (found.isEmpty() || found.get().asString().equals("all")) {
      return Optional.empty();
    }
    IpAddress address = IpText.address(found.get());
    if (address.v6() != v6) {
      throw found.get().invalid("must be of the rule's family");
    }
    int bits = address.bits();
    long length = IpText.optionalNumber(json, lengthMember, 0, bits, bits);
    return Optional.of(new Prefix(address, (int) length).text());
  }

  private static Optional<String> mark(JsonCursor json) {
    Optional<JsonCursor> mark = json.optional("fwmark");
    if (mark.isEmpty()) {
      return Optional.empty();
    }
    String text = "0x" + Long.toHexString(IpText.number(mark.get(), 0, 0xffff_ffffL));
    long mask = IpText.optionalNumber(json, "fwmask", 0, 0xffff_ffffL, 0xffff_ffffL);
    return Optional.of(text + "/0x" + Long.toHexString(mask));
  }

  private static String protocol(JsonCursor cursor) {
    String text = cursor.asString();
    for (Word word : PROTOCOLS) {
      if (text.equals(word.name())) {
        return Integer.toString(word.number());
      }
    }
    String number = text.startsWith("ipproto-") ? text.substring("ipproto-".length()) : text;
    if (!number.matches("[0-9]{1,3}") || Integer.parseInt(number) > 255) {
      throw cursor.invalid("must be a protocol's number");
    }
    return number;
  }

  private static Optional<String> ports(JsonCursor json, String name) {
    Optional<JsonCursor> one = json.optional(name);
    if (one.isPresent()) {
      return Optional.of(Long.toString(one.get().asInteger(0, 65535)));
    }
    Optional<JsonCursor> start = json.optional(name + "_start");
    if (start.isEmpty()) {
      return Optional.empty();
    }
    long end = json.required(name + "_end").asInteger(0, 65535);
    return Optional.of(start.get().asInteger(0, 65535) + "-" + end);
  }

  private static void action(JsonCursor json, List<String> words) {
    Optional<JsonCursor> target = json.optional("goto");
    Optional<JsonCursor> action = json.optional("action");
    if (target.isPresent()) {
      add(words, "goto", Long.toString(target.get().asUint32()));
    } else if (IpText.flag(json, "nop")) {
      words.add("nop");
    } else if (action.isPresent()) {
      words.add(IpText.word(action.get(), ACTIONS));
    } else {
      add(words, "lookup", Long.toString(IpText.number(json.required("table"), 1, 0xffff_ffffL)));
    }
  }
}
