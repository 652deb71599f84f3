package dev.limpid.vm.hypervisor;

import dev.limpid.vm.network.Uplink;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.stream.Collectors;

/**
 * passt's command line. It is started with its end of QEMU's socket as descriptor 3, and says at
 * its standard output that it serves (docs/shim.md).
 */
public final class PasstCommandLine {
  private PasstCommandLine() {}

  /**
   * The program and its arguments. Everything that it would find out by itself is said: it gives up
   * in a namespace without a default route, and asks for name servers that nobody here asks it for.
   *
   * @param passt the executable; absolute
   * @param uplink the interface that it stands in for
   * @param tcp ports of the namespace at which the guest's TCP servers are reached
   * @param udp the same of UDP
   */
  public static List<String> of(
      Path passt, Uplink uplink, SortedSet<Integer> tcp, SortedSet<Integer> udp) {
    List<String> arguments = new ArrayList<>();
    arguments.add(passt.toString());
    arguments.addAll(List.of("--fd", "3", "--foreground", "--quiet", "--pid", "/proc/self/fd/1"));
    // The guest is told by its agent.
    arguments.addAll(List.of("--no-dhcp", "--no-dhcpv6", "--no-ra", "--dns", "none"));
    // The gateway's address is the gateway, not the host's loopback interface.
    arguments.add("--no-map-gw");
    add(arguments, "--interface", uplink.link());
    uplink
        .v4()
        .ifPresent(
            end -> {
              add(arguments, "--address", end.address().address().text());
              add(arguments, "--netmask", Integer.toString(end.address().length()));
              add(arguments, "--gateway", end.gateway().text());
            });
    uplink
        .v6()
        .ifPresent(
            end -> {
              add(arguments, "--address", end.address().address().text());
              add(arguments, "--gateway", end.gateway().text());
            });
    if (uplink.v6().isEmpty()) {
      arguments.add("--ipv4-only");
    } else if (uplink.v4().isEmpty()) {
      arguments.add("--ipv6-only");
    }
    add(arguments, "--tcp-ports", ports(tcp));
    add(arguments, "--udp-ports", ports(udp));
    return arguments;
  }

  private static String ports(SortedSet<Integer> ports) {
    return ports.isEmpty()
        ? "none"
        : ports.stream().map(port -> Integer.toString(port)).collect(Collectors.joining(","));
  }

  private static void add(List<String> arguments, String option, String value) {
    arguments.add(option);
    arguments.add(value);
  }
}
