package dev.limpid.caller;

import dev.limpid.caller.CallerCommand.Result;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A network namespace that is a network of its own beside that of a daemon: what containers reach
 * through the daemon's, and what reaches them.
 */
final class OutsideWorld implements AutoCloseable {
  /** The address of the daemon's side. */
  static final String NEAR = "198.51.100.1";

  /** The address of the far side. */
  static final String FAR = "198.51.100.2";

  static final String NEAR_6 = "2001:db8:51::1";
  static final String FAR_6 = "2001:db8:51::2";

  /** Where the far side answers, by TCP and UDP. */
  static final String PORT = "7000";

  /** The address of every name that its DNS server knows: those below {@code test}. */
  static final String NAMED = "203.0.113.7";

  private final CallerDaemon namespaces;
  private final List<Process> servers = new ArrayList<>();

  private OutsideWorld(CallerDaemon namespaces) {
    this.namespaces = namespaces;
  }

  /**
   * Makes one, with its servers.
   *
   * @param log where its process may write
   * @param pid of a process in the network namespace beside it
   */
  static OutsideWorld beside(Path log, long pid) throws IOException, InterruptedException {
    CallerDaemon namespaces = CallerDaemon.startNamespaces(log);
    OutsideWorld outside = new OutsideWorld(namespaces);
    String far = Long.toString(namespaces.pid());
    CallerCommand near = commandsIn(pid);
    near.run("ip", "link", "add", "up0", "type", "veth", "peer", "name", "up1", "netns", far).ok();
    addresses(near, "up0", NEAR, NEAR_6);
    addresses(commandsIn(namespaces.pid()), "up1", FAR, FAR_6);
    outside.run("ip", "route", "add", "default", "via", NEAR).ok();
    outside.run("ip", "-6", "route", "add", "default", "via", NEAR_6).ok();
    outside.serve("serve", PORT);
    outside.serve("dns", NAMED);
    return outside;
  }

  private static void addresses(CallerCommand side, String link, String v4, String v6) {
    side.run("ip", "address", "add", v4 + "/24", "dev", link).ok();
    side.run("ip", "address", "add", v6 + "/64", "dev", link, "nodad").ok();
    side.run("ip", "link", "set", link, "up").ok();
  }

  private static CallerCommand commandsIn(long pid) {
    return new CallerCommand(
        List.of("nsenter", "--net", "--target", Long.toString(pid), "--"), Map.of());
  }

  private void serve(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "nsenter",
                "--net",
                "--target",
                Long.toString(namespaces.pid()),
                "--",
                CallerCommand.script("network-peer")));
    command.addAll(List.of(arguments));
    Process server =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    servers.add(server);
    BufferedReader output = server.inputReader();
    if (!"ready".equals(output.readLine())) {
      throw new AssertionError(command + " is not ready");
    }
  }

  /** Runs a program of the host's there. */
  Result run(String... command) {
    return commandsIn(namespaces.pid()).run(command);
  }

  @Override
  public void close() {
    servers.forEach(Process::destroy);
    namespaces.close();
  }
}
