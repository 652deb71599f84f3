package dev.limpid.engine.network;

import dev.limpid.vm.network.NetworkNamespace;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The ports from which processes of the host send in a namespace, {@code
 * net.ipv4.ip_local_port_range}: the first, a tab, and the last one.
 */
record HostPorts(NetworkNamespace namespace) {
  private static final String FILE = "/proc/sys/net/ipv4/ip_local_port_range";

  /**
   * What it is set to.
   *
   * @throws IOException if it can't be read
   */
  String read() throws IOException {
    return namespace.run(List.of("cat", FILE), Optional.empty()).strip();
  }

  /**
   * Sets it.
   *
   * @throws IOException if the kernel refuses it
   */
  void write(String range) throws IOException {
    namespace.run(List.of("tee", FILE), Optional.of(range));
  }
}
