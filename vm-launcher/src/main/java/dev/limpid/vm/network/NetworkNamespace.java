package dev.limpid.vm.network;

import dev.limpid.oci.json.DocumentException;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * A network namespace of the host.
 *
 * @param path its file, for example {@code /proc/123/ns/net} or {@code /run/netns/pod}
 */
public record NetworkNamespace(Path path) {
  private static final Path OWN = Path.of("/proc/self/ns/net");
  private static final String DEVICE = "unix:dev";
  private static final int MAX_DOCUMENT = 8 << 20;

  private static final List<String> LISTINGS =
      List.of(
          "link show",
          "address show",
          "route show table all",
          "rule show",
          "neighbour show nud permanent",
          "neighbour show proxy");
  private static final List<String> RULES_V6 =
      List.of("ip", "-j", "-d", "-N", "-6", "rule", "show");
  private static final List<String> PRISTINE = List.of("unshare", "--net", "--");

  /** What ip says of a family that the kernel does not have. */
  private static final String NOT_SUPPORTED = "not supported";

  /**
   * Reads what is in it.
   *
   * @throws IOException naming the namespace, the command and what it said, if it can't be read, or
   *     naming the value if something in it can't be understood
   */
  public NetworkState read() throws IOException {
    requirePath();
    try (NamespaceProcess sysctls = start(SysctlReading.COMMAND, Optional.empty());
        NamespaceProcess pristine =
            NamespaceProcess.start(
                path.toString(), PRISTINE, SysctlReading.COMMAND, Optional.empty());
        NamespaceProcess rules = start(RULES_V6, Optional.empty());
        NamespaceProcess listing =
            start(
                List.of("ip", "-j", "-d", "-N", "-batch", "-"),
                Optional.of(String.join("\n", LISTINGS) + "\n"))) {
      List<JsonCursor> documents = documents(listing.output());
      NetworkState state =
          NetworkState.parse(
              documents.get(0),
              documents.get(1),
              documents.get(2),
              documents.get(3),
              rulesV6(rules),
              documents.get(4),
              documents.get(5));
      NetworkState whole = withLocks(state);
      // grep ends with 1 if there is no line, and with 2 if a file can't be read.
      return whole.withSysctls(
          SysctlReading.compare(sysctls.output(2), pristine.output(2), whole.guestNames()));
    } catch (DocumentException wrong) {
      throw new IOException(path + ": " + wrong.getMessage(), wrong);
    }
  }

  /**
   * Whether there is a namespace of some kind, and not just the file on which one was mounted.
   *
   * @throws IOException if it can't be told
   */
  public boolean exists() throws IOException {
    return Files.exists(path)
        && Files.getAttribute(path, DEVICE).equals(Files.getAttribute(OWN, DEVICE));
  }

  /**
   * Reads how its links are called, which takes one process. Left out are those whose names can't
   * be used.
   *
   * @throws IOException as {@link #read} does
   */
  public List<NamedLink> links() throws IOException {
    try {
      String printed = run(List.of("ip", "-j", "link", "show"), Optional.empty());
      List<NamedLink> links = new ArrayList<>();
      for (JsonCursor link : document("ip link show", printed.strip()).elements()) {
        String name = link.requiredString("ifname");
        if (IpText.isInterfaceName(name)) {
          links.add(
              new NamedLink(
                  (int) link.required("ifindex").asInteger(1, Integer.MAX_VALUE),
                  name,
                  link.optionalString("ifalias").orElse("")));
        }
      }
      return links;
    } catch (DocumentException wrong) {
      throw new IOException(path + ": " + wrong.getMessage(), wrong);
    }
  }

  /**
   * Runs a program in it, to its end.
   *
   * @param command the program and its arguments
   * @param input what it reads from its standard input; nothing if empty
   * @return what it printed; at most 8 MiB
   * @throws IOException if it can't be run, fails, or takes longer than 30 s, naming the namespace,
   *     the command and what it said
   */
  public String run(List<String> command, Optional<String> input) throws IOException {
    requirePath();
    try (NamespaceProcess process = start(command, input)) {
      return process.output();
    }
  }

  private NamespaceProcess start(List<String> command, Optional<String> input) throws IOException {
    return NamespaceProcess.start(
        path.toString(), List.of("nsenter", "--net=" + path, "--"), command, input);
  }

  private void requirePath() throws IOException {
    if (!Files.exists(path)) {
      throw new IOException(path + ": no such network namespace");
    }
  }

  /** A kernel without IPv6 has no rules for it. */
  private JsonCursor rulesV6(NamespaceProcess process) throws IOException {
    try {
      return document("ip -6 rule show", process.output().strip());
    } catch (IOException failed) {
      if (failed.getMessage().contains(NOT_SUPPORTED)) {
        return JsonCursor.root("ip -6 rule show", JsonArray.empty());
      }
      throw failed;
    }
  }

  /** iproute2's JSON does not tell what is locked; its text does, in the same order. */
  private NetworkState withLocks(NetworkState state) throws IOException {
    if (state.routes().stream().noneMatch(Route::mayBeLocked)) {
      return state;
    }
    RouteLocks locks =
        RouteLocks.parse(
            run(
                List.of("ip", "-d", "-N", "-o", "route", "show", "table", "all"),
                Optional.empty()));
    List<Route> routes = new ArrayList<>();
    state.routes().forEach(route -> routes.add(locks.apply(route)));
    return state.withRoutes(routes);
  }

  /** Each line of the input makes one document, on a line of its own. */
  private static List<JsonCursor> documents(String printed) throws IOException {
    List<JsonCursor> documents = new ArrayList<>();
    Iterator<String> lines = printed.lines().filter(line -> !line.isBlank()).iterator();
    for (String listing : LISTINGS) {
      if (!lines.hasNext()) {
        throw new IOException("ip " + listing + ": printed nothing");
      }
      documents.add(document("ip " + listing, lines.next()));
    }
    return documents;
  }

  private static JsonCursor document(String name, String text) {
    String json = text.isEmpty() ? "[]" : text;
    JsonValue value =
        new JsonReader(name, MAX_DOCUMENT).parse(json.getBytes(StandardCharsets.UTF_8));
    return JsonCursor.root(name, value);
  }
}
