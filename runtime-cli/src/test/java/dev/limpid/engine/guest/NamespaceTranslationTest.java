package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.oci.json.InvalidSpecException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The network's is the host's; all others are the guest's. */
class NamespaceTranslationTest {
  private static final String GUEST_NETWORK =
      "{'type':'network','path':'/proc/1/ns/net'},{'type':'cgroup'}";

  static List<Arguments> wrong() {
    String none =
        "linux: namespaces: must have one of type network: a virtual machine can't use the host's"
            + " interfaces as its own";
    return List.of(
        Arguments.of("{'linux':{}}", none),
        Arguments.of("{'linux':{'namespaces':[]}}", none),
        Arguments.of("{'linux':{'namespaces':[{'type':'pid'}]}}", none),
        Arguments.of(
            "{'linux':{'namespaces':[{'path':'/x'}]}}",
            "linux.namespaces[0].type: is required, but missing"),
        Arguments.of(
            "{'linux':{'namespaces':[{'type':'network'},{'type':'pid','path':'/proc/1/ns/pid'}]}}",
            "linux.namespaces[1].path: can't be joined: the container's pid namespace is in another"
                + " kernel, its VM's, found \"/proc/1/ns/pid\""),
        Arguments.of(
            "{'linux':{'namespaces':[{'type':'network','path':1}]}}",
            "linux.namespaces[0].path: must be a string, found a number"),
        network("/no/such", "no such file or directory on the host"),
        network("/proc/self/ns", "must be a network namespace"),
        network("/proc/self/ns/pid", "must be a network namespace"),
        network("/proc/self/status", "must be a network namespace"));
  }

  private static Arguments network(String path, String problem) {
    return Arguments.of(
        "{'linux':{'namespaces':[{'type':'network','path':'" + path + "'}]}}",
        "linux.namespaces[0].path: " + problem + ", found \"" + path + "\"");
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void refuses(String config, String problem) {
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () -> NamespaceTranslation.translate(Json.config(config).required("linux")));

    assertEquals("config.json: " + problem, e.getMessage());
  }

  static List<Arguments> translated() {
    return List.of(
        Arguments.of("[{'type':'network'}]", "[" + GUEST_NETWORK + "]", ""),
        Arguments.of("[{'type':'network','path':''}]", "[" + GUEST_NETWORK + "]", ""),
        Arguments.of("[{'type':'network','path':null}]", "[" + GUEST_NETWORK + "]", ""),
        Arguments.of(
            "[{'type':'network','path':'/proc/self/ns/net'}]",
            "[" + GUEST_NETWORK + "]",
            "/proc/self/ns/net"),
        Arguments.of(
            "[{'type':'cgroup'},{'type':'network'}]",
            "[{'type':'cgroup'},{'type':'network','path':'/proc/1/ns/net'}]",
            ""),
        Arguments.of(
            "[{'type':'pid','path':''},{'type':'network'},{'type':'ipc','future':1},{'type':'new'}]",
            "[{'type':'pid','path':''},{'type':'ipc','future':1},{'type':'new'},"
                + GUEST_NETWORK
                + "]",
            ""));
  }

  @ParameterizedTest
  @MethodSource("translated")
  void translates(String namespaces, String guest, String network) {
    NamespaceTranslation.Result result =
        NamespaceTranslation.translate(Json.config("{'namespaces':" + namespaces + "}"));

    assertEquals(Json.of(guest), result.namespaces());
    assertEquals(
        Optional.of(network).filter(path -> !path.isEmpty()).map(Path::of), result.network());
  }
}
