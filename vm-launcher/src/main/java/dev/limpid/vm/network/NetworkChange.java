package dev.limpid.vm.network;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What has to be done in the guest when the namespace on the host has changed. Texts are lines for
 * {@code ip -batch}; those of the rules of IPv6 are texts of their own, because that needs {@code
 * ip -6 -batch}.
 *
 * <p>Only what has changed on the host is changed in the guest, whose workload may have changed its
 * network as well.
 *
 * @param vanished links whose NIC is to be taken away, as they were
 * @param appeared links that get a NIC; before {@link #links} it has to have its name
 * @param undo6 takes away what is not on the host any more; what fails does not matter, as it may
 *     be gone already
 * @param undo the same of all but rules of IPv6, and gives links their new names
 * @param links makes VLANs and dummies, and sets what there is to be set before a link is up
 * @param sysctls names with slashes, in the order in which they are to be written
 * @param configuration sets links up and adds what is new on the host
 * @param configuration6 adds rules of IPv6
 */
public record NetworkChange(
    List<Link> vanished,
    List<Link> appeared,
    String undo6,
    String undo,
    String links,
    Map<String, String> sysctls,
    String configuration,
    String configuration6) {

  /** Copies the collections. */
  public NetworkChange {
    vanished = List.copyOf(vanished);
    appeared = List.copyOf(appeared);
    sysctls = Collections.unmodifiableMap(new LinkedHashMap<>(sysctls));
  }

  /**
   * Compares two states of the namespace.
   *
   * @param before what the guest was told last; {@link NetworkState#EMPTY} if it was told nothing
   * @param after what is there now
   */
  public static NetworkChange between(NetworkState before, NetworkState after) {
    LinkChanges links = new LinkChanges(before, after);
    AddressChanges addresses = new AddressChanges(links);
    RouteChanges routes = new RouteChanges(links, addresses);
    TableChanges tables = new TableChanges(links);
    return new NetworkChange(
        links.vanished(),
        links.appeared(),
        lines(tables.undoRules(true)),
        lines(
            tables.undoRules(false),
            routes.undo(),
            tables.undoNeighbours(),
            addresses.undo(),
            links.undo()),
        lines(links.settings()),
        new SysctlChanges(links).writes(),
        lines(
            links.falls(),
            links.rises(),
            addresses.additions(),
            links.addressModes(),
            routes.additions(),
            tables.addRules(false),
            tables.addNeighbours()),
        lines(tables.addRules(true)));
  }

  /** Whether nothing is to be done. */
  public boolean isEmpty() {
    return vanished.isEmpty()
        && appeared.isEmpty()
        && undo6.isEmpty()
        && undo.isEmpty()
        && links.isEmpty()
        && sysctls.isEmpty()
        && configuration.isEmpty()
        && configuration6.isEmpty();
  }

  @SafeVarargs
  private static String lines(List<String>... parts) {
    StringBuilder text = new StringBuilder();
    for (List<String> part : parts) {
      for (String line : part) {
        text.append(line).append('\n');
      }
    }
    return text.toString();
  }
}
