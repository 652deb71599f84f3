package dev.limpid.engine.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.engine.network.NetworkSharing.WithContainer;
import dev.limpid.engine.network.NetworkSharing.WithHost;
import dev.limpid.engine.network.NetworkSharing.WithNobody;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With whom a namespace is shared, by a /proc of the test's own, and what is said of it. */
class NetworkSharingTest {
  private static final String ADVICE =
      "give the container a network of its own, or set \"userNetwork\" in limpid.json; see"
          + " docs/networking.md";

  @TempDir private Path proc;
  private Path host;
  private Path web;
  private Path nobodys;

  @BeforeEach
  void makeNamespaces() throws IOException {
    host = Files.createFile(proc.resolve("host"));
    web = Files.createFile(proc.resolve("web"));
    nobodys = Files.createFile(proc.resolve("nobodys"));
    process("self", host, "pid:[1]");
    process("70", web, "pid:[2]");
    // A virtual machine's.
    process("71", nobodys, "pid:[1]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{'type':'network'}", "{'type':'network','path':''}"})
  void aNewOneIsSharedWithNobody(String namespace) {
    JsonCursor linux = linux("{'type':'mount'}," + namespace);

    assertEquals(new WithNobody(), of(linux));
    assertEquals(Optional.empty(), of(linux).refusal(linux));
  }

  @Test
  void oneInWhichAreOnlyProcessesOfTheHostIsSharedWithNobody() {
    assertEquals(new WithNobody(), of(named(nobodys)));
  }

  @Test
  void theHostsIsKnownByWhateverName() throws IOException {
    Path bound = proc.resolve("default");
    Files.createLink(bound, host);
    JsonCursor linux = named(bound);

    assertEquals(new WithHost(), of(linux));
    assertEquals(
        "config.json: linux.namespaces[1].path: is the host's network namespace: a virtual machine"
            + " can't use the host's interfaces as its own: "
            + ADVICE,
        of(linux).refusal(linux).orElseThrow().getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{'namespaces':[]}", "{'namespaces':[{'type':'mount'}]}"})
  void noneAtAllIsTheHosts(String section) {
    JsonCursor linux = Json.config("{'linux':" + section + "}").required("linux");

    assertEquals(new WithHost(), of(linux));
    assertEquals(
        "config.json: linux: namespaces: none of type network, so it is the host's: a virtual"
            + " machine can't use the host's interfaces as its own: "
            + ADVICE,
        of(linux).refusal(linux).orElseThrow().getMessage());
  }

  @Test
  void aContainersIsSharedWithIt() {
    JsonCursor linux = named(web);

    assertEquals(new WithContainer("70"), of(linux));
    assertEquals(
        "config.json: linux.namespaces[1].path: is the network namespace of another container"
            + " (process 70), which is not in a virtual machine, and would lose its network to this"
            + " one's: run that one with limpid, or "
            + ADVICE,
        of(linux).refusal(linux).orElseThrow().getMessage());
  }

  @Test
  void oneThatIsGoneIsRefused() {
    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> of(named(proc.resolve("gone"))));

    assertEquals("linux.namespaces[1].path", e.path());
  }

  private NetworkSharing of(JsonCursor linux) {
    return NetworkSharing.of(linux, new NamespaceUsers(proc));
  }

  private static JsonCursor named(Path path) {
    return linux("{'type':'mount'},{'type':'network','path':'" + path + "'}");
  }

  private static JsonCursor linux(String namespaces) {
    return Json.config("{'linux':{'namespaces':[" + namespaces + "]}}").required("linux");
  }

  private void process(String pid, Path net, String pidNamespace) throws IOException {
    Path ns = Files.createDirectories(proc.resolve(pid + "/ns"));
    Files.createLink(ns.resolve("net"), net);
    Files.createSymbolicLink(ns.resolve("pid"), Path.of(pidNamespace));
  }
}
