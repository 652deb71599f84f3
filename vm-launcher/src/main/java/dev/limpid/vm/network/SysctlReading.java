package dev.limpid.vm.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the settings that somebody has changed in a namespace: those that are not as in one that
 * nobody has touched.
 */
final class SysctlReading {
  /** Prints each setting as {@code /proc/sys/net/…:value}, a line each. */
  static final List<String> COMMAND =
      List.of(
          "grep",
          "-rsH",
          // Not for reading, and a secret.
          "--exclude=flush",
          "--exclude=stable_secret",
          "--exclude=tcp_fastopen_key",
          "",
          "/proc/sys/net/core",
          "/proc/sys/net/ipv4",
          "/proc/sys/net/ipv6",
          "/proc/sys/net/unix");

  private static final Path SYSCTLS = Path.of("/proc/sys");
  private static final String PREFIX = SYSCTLS + "/";
  private static final int LONGEST_NAME = 255;
  private static final int LONGEST_VALUE = 4095;

  /** {@code net/ipv4/conf/eth0/rp_filter} and its like. */
  private static final Pattern OF_INTERFACE =
      Pattern.compile("net/(ipv4|ipv6)/(conf|neigh)/([^/]+)/([^/]+)");

  private static final Pattern NAME =
      Pattern.compile("net(/[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*)+");

  /** The same value in another unit, or what a link or an address already says. */
  private static final Set<String> LEAVES_SAID_ELSEWHERE =
      Set.of("base_reachable_time", "retrans_time", "unres_qlen", "addr_gen_mode", "mtu");

  /** {@code net/ipv4/ip_forward} is the same. */
  private static final String FORWARDING = "net/ipv4/conf/all/forwarding";

  private static final String PORTS = "net/ipv4/ip_local_port_range";

  private SysctlReading() {}

  /**
   * Compares what {@link #COMMAND} prints in two namespaces.
   *
   * @param links the interfaces that count
   */
  static SortedMap<String, Sysctl> compare(String found, String pristine, Set<String> links) {
    Map<String, String> usual = parse(pristine);
    SortedMap<String, Sysctl> changed = new TreeMap<>();
    for (Map.Entry<String, String> entry : parse(found).entrySet()) {
      String name = entry.getKey();
      String value = entry.getValue();
      String likeness = likeness(name, usual, links);
      String otherwise = usual.get(likeness);
      boolean own = name.equals(PORTS) && value.equals(TrafficRedirection.HOST_PORTS);
      if (otherwise != null && !otherwise.equals(value) && !own && isWritable(likeness)) {
        changed.put(name, new Sysctl(value, otherwise));
      }
    }
    return changed;
  }

  /** The name and the value of each line that is safe to use. */
  private static Map<String, String> parse(String text) {
    Map<String, String> values = new HashMap<>();
    for (String line : text.split("\n", -1)) {
      int colon = line.indexOf(':');
      if (!line.startsWith(PREFIX) || colon < 0) {
        continue;
      }
      String name = line.substring(PREFIX.length(), colon);
      String value = line.substring(colon + 1);
      boolean used =
          isName(name)
              && value.length() <= LONGEST_VALUE
              && value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c < 0x7f))
              && !name.equals(FORWARDING)
              && !LEAVES_SAID_ELSEWHERE.contains(name.substring(name.lastIndexOf('/') + 1));
      if (used) {
        values.put(name, value);
      }
    }
    return values;
  }

  static boolean isName(String name) {
    return name.length() <= LONGEST_NAME && NAME.matcher(name).matches();
  }

  /** The setting that tells what this one would be; none of what is about other interfaces. */
  private static String likeness(String name, Map<String, String> usual, Set<String> links) {
    Matcher matcher = OF_INTERFACE.matcher(name);
    if (!matcher.matches()) {
      return name;
    }
    String link = matcher.group(3);
    if (link.equals("all") || link.equals("default") || link.equals("lo")) {
      return name;
    }
    if (!links.contains(link)) {
      return "";
    }
    String start = "net/" + matcher.group(1) + "/" + matcher.group(2);
    String end = "/" + matcher.group(4);
    String like = start + "/default" + end;
    // Namespaces have no defaults of neighbours of their own.
    return usual.containsKey(like) ? like : start + "/lo" + end;
  }

  /** Here the modes are the same as there, and root is not above them. */
  private static boolean isWritable(String name) {
    try {
      return Files.getPosixFilePermissions(SYSCTLS.resolve(name))
          .contains(PosixFilePermission.OWNER_WRITE);
    } catch (IOException | InvalidPathException unknown) {
      return false;
    }
  }

  /** The name of the interface that a setting is about, "" if it is about none. */
  static String link(String name) {
    Matcher matcher = OF_INTERFACE.matcher(name);
    if (!matcher.matches()) {
      return "";
    }
    String link = matcher.group(3);
    return link.equals("all") || link.equals("default") ? "" : link;
  }

  /** The setting of the same name of another interface. */
  static String withLink(String name, String link) {
    Matcher matcher = OF_INTERFACE.matcher(name);
    return matcher.matches()
        ? "net/" + matcher.group(1) + "/" + matcher.group(2) + "/" + link + "/" + matcher.group(4)
        : name;
  }
}
