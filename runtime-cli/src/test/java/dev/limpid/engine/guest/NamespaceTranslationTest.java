package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.Json;
import dev.limpid.engine.RecordingJournal;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.vm.rootfs.GuestPlace;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The network's is the host's; all others are the guest's. */
class NamespaceTranslationTest {
  private static final String GUEST_NETWORK =
      "{'type':'network','path':'/proc/1/ns/net'},{'type':'cgroup'}";

  /** The least that a container must have, and all about which there is nothing to say. */
  private static final String USUAL =
      "{'type':'mount'},{'type':'uts'},{'type':'pid'},{'type':'ipc'}";

  static List<Arguments> wrong() {
    String none =
        "linux: namespaces: must have one of type mount: a virtual machine can't use the host's"
            + " mounts as its own";
    String two = "{'type':'network'},{'type':'mount'}";
    String mapping = "[{'containerID':0,'hostID':1,'size':1}]";
    return List.of(
        Arguments.of("{'linux':{}}", none),
        Arguments.of("{'linux':{'namespaces':[]}}", none),
        Arguments.of("{'linux':{'namespaces':[{'type':'network'}]}}", none),
        Arguments.of(
            "{'linux':{'namespaces':[{'path':'/x'}]}}",
            "linux.namespaces[0].type: is required, but missing"),
        Arguments.of(
            "{'linux':{'namespaces':[" + two + ",{'type':'pid','path':'/proc/1/ns/pid'}]}}",
            "linux.namespaces[2].path: can't be joined: the container's pid namespace is in another"
                + " kernel, its VM's, unless it is that of another container of limpid's, found \"/proc/1/ns/pid\""),
        Arguments.of(
            "{'linux':{'namespaces':[{'type':'network','path':1},{'type':'mount'}]}}",
            "linux.namespaces[0].path: must be a string, found a number"),
        Arguments.of(
            "{'linux':{'namespaces':[" + two + "],'uidMappings':" + mapping + "}}",
            "linux.uidMappings: must not be there without a user namespace"),
        Arguments.of(
            "{'linux':{'namespaces':[" + two + ",{'type':'user'}],'uidMappings':" + mapping + "}}",
            "linux: gidMappings: must be there with a user namespace"),
        network("/no/such", "no such file or directory on the host"),
        network("/proc/self/ns", "must be a network namespace"),
        network("/proc/self/ns/pid", "must be a network namespace"),
        network("/proc/self/status", "must be a network namespace"));
  }

  private static Arguments network(String path, String problem) {
    return Arguments.of(
        "{'linux':{'namespaces':[{'type':'network','path':'" + path + "'},{'type':'mount'}]}}",
        "linux.namespaces[0].path: " + problem + ", found \"" + path + "\"");
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void refuses(String config, String problem) {
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () ->
                NamespaceTranslation.translate(
                    Json.config(config).required("linux"),
                    Surroundings.NONE,
                    new RecordingJournal()));

    assertEquals("config.json: " + problem, e.getMessage());
  }

  static List<Arguments> translated() {
    return List.of(
        Arguments.of("{'type':'network'}," + USUAL, USUAL + "," + GUEST_NETWORK, ""),
        // Whose network it is then, is not asked here.
        Arguments.of(USUAL, USUAL + "," + GUEST_NETWORK, ""),
        Arguments.of("{'type':'network','path':''}," + USUAL, USUAL + "," + GUEST_NETWORK, ""),
        Arguments.of("{'type':'network','path':null}," + USUAL, USUAL + "," + GUEST_NETWORK, ""),
        Arguments.of(
            "{'type':'network','path':'/proc/self/ns/net'}," + USUAL,
            USUAL + "," + GUEST_NETWORK,
            "/proc/self/ns/net"),
        Arguments.of(
            "{'type':'cgroup'},{'type':'network'}," + USUAL,
            "{'type':'cgroup'}," + USUAL + ",{'type':'network','path':'/proc/1/ns/net'}",
            ""),
        Arguments.of(
            "{'type':'network'},{'type':'ipc','future':1,'path':''},{'type':'mount'},{'type':'pid'}",
            "{'type':'ipc','future':1,'path':''},{'type':'mount'},{'type':'pid'},"
                + GUEST_NETWORK
                + ",{'type':'uts'}",
            ""),
        Arguments.of(
            "{'type':'time'},{'type':'network'}," + USUAL, USUAL + "," + GUEST_NETWORK, ""),
        // Nobody in a user namespace has a say in a network that is not of it.
        Arguments.of(
            "{'type':'user'},{'type':'network','path':'/proc/self/ns/net'}," + USUAL,
            "{'type':'user'}," + USUAL + ",{'type':'network'},{'type':'cgroup'}",
            "/proc/self/ns/net"));
  }

  @ParameterizedTest
  @MethodSource("translated")
  void translates(String namespaces, String guest, String network) {
    String mapping = "[{'containerID':0,'hostID':1,'size':1}]";
    String mappings =
        namespaces.contains("'user'")
            ? ",'uidMappings':" + mapping + ",'gidMappings':" + mapping
            : "";
    RecordingJournal journal = new RecordingJournal();

    NamespaceTranslation.Result result =
        NamespaceTranslation.translate(
            Json.config("{'namespaces':[" + namespaces + "]" + mappings + "}"),
            Surroundings.NONE,
            journal);

    assertEquals(Json.of("[" + guest + "]"), result.namespaces());
    assertEquals(List.of(), journal.records());
    assertEquals(
        Optional.of(network).filter(path -> !path.isEmpty()).map(Path::of), result.network());
  }

  @Test
  void saysWhatIsNotSharedWithTheHost() {
    RecordingJournal journal = new RecordingJournal();

    NamespaceTranslation.translate(
        Json.config("{'namespaces':[{'type':'network'},{'type':'mount'}]}"),
        Surroundings.NONE,
        journal);

    assertEquals(2, journal.records().size());
    for (int i = 0; i < 2; i++) {
      String record = journal.records().get(i).toString();
      assertTrue(
          record.contains(
              "linux.namespaces: none of type "
                  + List.of("pid", "ipc").get(i)
                  + ": the container shares its virtual machine's, not the host's"),
          record);
    }
  }

  static List<Arguments> joined() {
    String own = "{'type':'mount'},{'type':'uts'},{'type':'cgroup'},{'type':'pid'}";
    return List.of(
        Arguments.of(
            "[{'type':'network'},{'type':'ipc'}," + own + "]",
            "[{'type':'ipc'}," + own + ",{'type':'network'}]",
            ""),
        // The host's is that of the VM.
        Arguments.of(
            "[{'type':'ipc'}," + own + "]",
            "[{'type':'ipc'}," + own + ",{'type':'network','path':'/run/limpid/ns/0/net'}]",
            ""),
        Arguments.of(
            "[{'type':'network','path':'/proc/thread-self/ns/net'},{'type':'ipc'}," + own + "]",
            "[{'type':'ipc'}," + own + ",{'type':'network'}]",
            "/proc/thread-self/ns/net"),
        Arguments.of(
            "[{'type':'network','path':'/proc/self/ns/net'},"
                + "{'type':'ipc','path':'/proc/7/ns/ipc'},"
                + own
                + "]",
            "[{'type':'ipc','path':'/run/limpid/ns/0/ipc'},"
                + own
                + ",{'type':'network','path':'/run/limpid/ns/0/net'}]",
            "/proc/self/ns/net"));
  }

  @ParameterizedTest
  @MethodSource("joined")
  void sharesWhatIsInTheGuest(String namespaces, String guest, String network) {
    Surroundings around =
        new Surroundings(
            new GuestPlace(2),
            Map.of(
                "/proc/self/ns/net", Path.of("/run/limpid/ns/0/net"),
                "/proc/7/ns/ipc", Path.of("/run/limpid/ns/0/ipc")),
            Optional.empty());

    NamespaceTranslation.Result result =
        NamespaceTranslation.translate(
            Json.config("{'namespaces':" + namespaces + "}"), around, new RecordingJournal());

    assertEquals(Json.of(guest), result.namespaces());
    assertEquals(
        Optional.of(network).filter(path -> !path.isEmpty()).map(Path::of), result.network());
  }

  @Test
  void refusesWhatIsNotInTheGuestBesideWhatIs() {
    Surroundings around =
        new Surroundings(
            new GuestPlace(1),
            Map.of("/proc/7/ns/ipc", Path.of("/run/limpid/ns/0/ipc")),
            Optional.empty());

    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () ->
                NamespaceTranslation.translate(
                    Json.config(
                        "{'namespaces':[{'type':'network'},{'type':'ipc','path':'/proc/7/ns/ipc'},"
                            + "{'type':'uts','path':'/proc/8/ns/uts'},{'type':'mount'}]}"),
                    around,
                    new RecordingJournal()));

    assertEquals("namespaces[2].path", e.path());
  }
}
