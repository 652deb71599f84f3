package dev.limpid.vm.network;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace of its own, for as long as it is open. */
final class RealNamespace implements AutoCloseable {
  private static final int FIRST_INDEX = 1000;
  private static final AtomicInteger LINKS = new AtomicInteger();

  private final Process process;
  private final NetworkNamespace namespace;

  private RealNamespace(Process process) {
    this.process = process;
    this.namespace = new NetworkNamespace(Path.of("/proc/" + process.pid() + "/ns/net"));
  }

  /** Whether this user may make them, and iproute2 is there. */
  static boolean isPossible() throws IOException, InterruptedException {
    try {
      return new ProcessBuilder("unshare", "--net", "ip", "link", "set", "lo", "up")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException missing) {
      return false;
    }
  }

  /** Makes one in which nothing is up. */
  static RealNamespace open() throws IOException {
    // It prints when it is there, and ends with its input.
    Process process = new ProcessBuilder("unshare", "--net", "sh", "-c", "echo; exec cat").start();
    if (process.getInputStream().read() != '\n') {
      throw new IOException(
          "unshare: "
              + new String(
                  process.getErrorStream().readAllBytes(),
                  java.nio.charset.StandardCharsets.UTF_8));
    }
    return new RealNamespace(process);
  }

  NetworkNamespace namespace() {
    return namespace;
  }

  long pid() {
    return process.pid();
  }

  /** Runs lines of {@code ip -batch}. */
  void ip(String lines) throws IOException {
    namespace.run(List.of("ip", "-batch", "-"), Optional.of(lines));
  }

  /** Writes a setting. */
  void set(String sysctl, String value) throws IOException {
    namespace.run(
        List.of("sh", "-c", "printf %s \"$2\" > /proc/sys/$1", "sh", sysctl, value),
        Optional.empty());
  }

  /** Reads a setting. */
  String get(String sysctl) throws IOException {
    return namespace.run(List.of("cat", "/proc/sys/" + sysctl), Optional.empty());
  }

  /** Runs lines of {@code ip -6 -batch}. */
  void ip6(String lines) throws IOException {
    namespace.run(List.of("ip", "-6", "-batch", "-"), Optional.of(lines));
  }

  /** Runs lines of {@code ip -force -batch}, which may fail. */
  void undo(String lines) throws IOException {
    try {
      namespace.run(List.of("ip", "-force", "-batch", "-"), Optional.of(lines));
    } catch (IOException failed) {
      // Things may be gone already.
    }
  }

  /** Makes an interface that is connected to one in another namespace. */
  void addVeth(String name, RealNamespace outside) throws IOException {
    // The kernel takes a second to notice the carrier if both ends have the same number.
    int index = FIRST_INDEX + LINKS.getAndIncrement();
    String peer = "p" + index;
    ip(
        String.join(
            " ",
            "link add name",
            name,
            "index",
            Integer.toString(index),
            "type veth peer name",
            peer,
            "netns",
            Long.toString(outside.pid()),
            "\n"));
    outside.ip("link set dev " + peer + " up\n");
  }

  /** Does what a change says, as the guest does it: the NICs that appear are veths here. */
  void apply(NetworkChange change, RealNamespace outside) throws IOException {
    for (Link link : change.vanished()) {
      ip("link del dev " + link.name() + "\n");
    }
    force6(change.undo6());
    undo(change.undo());
    for (Link link : change.appeared()) {
      addVeth(link.name(), outside);
    }
    ip(change.links());
    for (var sysctl : change.sysctls().entrySet()) {
      set(sysctl.getKey(), sysctl.getValue());
    }
    ip(change.configuration());
    ip6(change.configuration6());
  }

  private void force6(String lines) throws IOException {
    try {
      namespace.run(List.of("ip", "-6", "-force", "-batch", "-"), Optional.of(lines));
    } catch (IOException failed) {
      // Things may be gone already.
    }
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    process.destroyForcibly();
  }
}
