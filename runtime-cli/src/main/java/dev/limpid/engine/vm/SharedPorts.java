package dev.limpid.engine.vm;

import dev.limpid.oci.json.JsonCursor;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The ports of a network that a container shares with others, as far as they lead to the container.
 *
 * @param tcp each 1 to 65535
 * @param udp each 1 to 65535
 */
public record SharedPorts(SortedSet<Integer> tcp, SortedSet<Integer> udp) {
  /** None. */
  public static final SharedPorts NONE = new SharedPorts(new TreeSet<>(), new TreeSet<>());

  /** Where config.json lists them. */
  public static final String ANNOTATION = "dev.limpid.ports";

  /** Each costs passt sockets; all ports would be more than it may have. */
  private static final int COUNT_MAX = 128;

  private static final int PORT_MAX = 65535;

  /** Copies the sets. */
  public SharedPorts {
    tcp = Collections.unmodifiableSortedSet(new TreeSet<>(tcp));
    udp = Collections.unmodifiableSortedSet(new TreeSet<>(udp));
  }

  /** Whether there is none. */
  public boolean isEmpty() {
    return tcp.isEmpty() && udp.isEmpty();
  }

  /**
   * Reads {@code 80,443/tcp,53/udp}; without a word for it a port is one of TCP.
   *
   * @throws dev.limpid.oci.json.InvalidSpecException if it is not of this form
   */
  static SharedPorts of(JsonCursor annotation) {
    SortedSet<Integer> tcp = new TreeSet<>();
    SortedSet<Integer> udp = new TreeSet<>();
    for (String entry : annotation.asString().split(",", -1)) {
      int slash = entry.indexOf('/');
      String number = slash < 0 ? entry : entry.substring(0, slash);
      String protocol = slash < 0 ? "tcp" : entry.substring(slash + 1);
      if (!number.matches("[1-9][0-9]{0,4}") || Integer.parseInt(number) > PORT_MAX) {
        throw wrong(annotation);
      }
      switch (protocol) {
        case "tcp" -> tcp.add(Integer.valueOf(number));
        case "udp" -> udp.add(Integer.valueOf(number));
        default -> throw wrong(annotation);
      }
    }
    if (tcp.size() + udp.size() > COUNT_MAX) {
      throw wrong(annotation);
    }
    return new SharedPorts(tcp, udp);
  }

  private static RuntimeException wrong(JsonCursor annotation) {
    return annotation.invalid(
        "must be up to " + COUNT_MAX + " ports, for example 80,443/tcp,53/udp");
  }
}
