package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Namespaces that a container has of its own, joins, or can't have. */
final class NamespacesIT extends Behaviour {
  private static final Path HOSTS_NETWORK = Path.of("/proc/self/ns/net");

  private static JsonObject namespace(String type, String path) {
    return JsonObject.builder().put("type", type).put("path", path).build();
  }

  /** A bundle that has another namespace of a type than it had. */
  private TestBundle with(JsonObject namespace, String type) throws Exception {
    return sandbox()
        .bundle()
        .withoutNamespaces(type)
        .linux(
            linux ->
                linux.with(
                    "namespaces",
                    ((JsonArray) linux.get("namespaces").orElseThrow()).with(namespace)))
        .script("exec sleep 1000000");
  }

  /** A network namespace of the host that has a name; it is gone when the sandbox is closed. */
  private Path network() throws Exception {
    Path name = Files.createFile(sandbox().path("network"));
    sandbox()
        .hostCommand(
            List.of("unshare", "--net=" + name, "true"), List.of("umount", name.toString()));
    return name;
  }

  @Test
  void aNetworkNamespaceIsJoinedByItsPath() throws Exception {
    Path network = network();
    String id = sandbox().id();
    runtime().create(id, with(namespace("network", network.toString()), "network").write());
    long pid = runtime().state(id).required("pid").asInt64();
    assertEquals(
        Files.getAttribute(network, "unix:ino"),
        Files.getAttribute(Path.of("/proc/" + pid + "/ns/net"), "unix:ino"));
    assertNotEquals(
        Files.getAttribute(HOSTS_NETWORK, "unix:ino"),
        Files.getAttribute(Path.of("/proc/" + pid + "/ns/net"), "unix:ino"));
    runtime().call("delete", "--force", id).succeeded();
    assertTrue(Files.exists(network), "it is not the container's to remove");
  }

  @Test
  void theNetworkIsItsOwnIfNoneIsNamed() throws Exception {
    String id = sandbox().id();
    runtime().create(id, script("exec sleep 1000000"));
    long pid = runtime().state(id).required("pid").asInt64();
    assertNotEquals(
        Files.getAttribute(HOSTS_NETWORK, "unix:ino"),
        Files.getAttribute(Path.of("/proc/" + pid + "/ns/net"), "unix:ino"));
  }

  private void assertRefused(String reason, TestBundle bundle) throws Exception {
    Outcome outcome =
        runtime().call("create", "--bundle", bundle.write().toString(), sandbox().id()).exited(1);
    assertTrue((outcome.out() + outcome.err()).contains(reason), outcome::toString);
    sandbox().assertNothingIsLeft();
  }

  @Test
  void aNetworkNamespaceThatDoesNotExistIsRefused() throws Exception {
    String path = sandbox().path("nothing").toString();
    assertRefused(path, with(namespace("network", path), "network"));
  }

  @Test
  void aFileThatIsNoNamespaceIsRefused() throws Exception {
    assertRefused("", with(namespace("network", "/etc/passwd"), "network"));
  }

  @Test
  void aNamespaceOfAnotherTypeIsRefused() throws Exception {
    assertRefused("", with(namespace("network", "/proc/self/ns/uts"), "network"));
  }

  @Test
  void aTypeThatIsListedTwiceIsRefused() throws Exception {
    assertRefused("", with(Json.object("{\"type\": \"uts\"}"), "none"));
  }

  @Test
  void aTypeThatDoesNotExistIsRefused() throws Exception {
    assertRefused("", with(Json.object("{\"type\": \"nonsense\"}"), "none"));
  }

  @Test
  @VmOnly
  void otherNamespacesOfTheHostCannotBeJoined() throws Exception {
    for (String type : List.of("pid", "ipc", "uts", "mount")) {
      String path = "/proc/self/ns/" + type.replace("mount", "mnt");
      assertRefused("path: can't be joined", with(namespace(type, path), type));
    }
  }

  @Test
  @VmOnly
  void theHostsNetworkCannotBeShared() throws Exception {
    assertRefused(
        "linux: namespaces: none of type network, so it is the host's: a virtual machine can't use"
            + " the host's interfaces as its own",
        sandbox().bundle().withoutNamespaces("network"));
  }

  /** Docker binds it to a file. */
  @Test
  @VmOnly
  void theHostsNetworkCannotBeSharedByAnyOfItsNames() throws Exception {
    Path name = Files.createFile(sandbox().path("default"));
    sandbox()
        .hostCommand(
            List.of("mount", "--bind", HOSTS_NETWORK.toString(), name.toString()),
            List.of("umount", name.toString()));
    Path bundle = with(namespace("network", name.toString()), "network").write();
    Outcome outcome =
        runtime().call("create", "--bundle", bundle.toString(), sandbox().id()).exited(1);
    assertTrue(outcome.err().contains(".path: is the host's network namespace"), outcome::toString);
  }

  @Test
  void namesOfTheHostStayAsTheyAre() throws Exception {
    String before = Files.readString(Path.of("/proc/sys/kernel/hostname"));
    Path bundle =
        sandbox()
            .bundle()
            .capabilities(List.of("bounding", "effective", "permitted"), "CAP_SYS_ADMIN")
            .script("hostname changed && hostname")
            .write();
    Outcome outcome =
        runtime().call("run", "--bundle", bundle.toString(), sandbox().id()).succeeded();
    assertEquals("changed\n", outcome.out());
    assertEquals(before, Files.readString(Path.of("/proc/sys/kernel/hostname")));
  }
}
