package dev.limpid.engine.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.Json;
import dev.limpid.engine.RecordingJournal;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.proto.ContainerSettings;
import dev.limpid.proto.GuestSysctl;
import dev.limpid.proto.Scheduling;
import dev.limpid.proto.TimeOffsets;
import dev.limpid.proto.TimeOffsets.Offset;
import dev.limpid.vm.mountinfo.MountTable;
import dev.limpid.vm.shim.BindOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole document for the guest. */
class GuestConfigTest {
  private static final String CONFIG =
      """
      {
        'ociVersion': '1.2.0',
        'future': {'kept': [1, 2.50, null]},
        'process': {'args': ['sh'], 'cwd': '/', 'apparmorProfile': 'x', 'futureToo': true,
                    'ioPriority': {'class': 'IOPRIO_CLASS_IDLE', 'priority': 7}},
        'annotations': {'run.oci.handler': 'krun', 'run.occi': 'x'},
        'root': {'path': 'rootfs', 'readonly': true, 'alsoKept': 1},
        'hostname': 'web',
        'mounts': [{'destination': '/proc', 'type': 'proc', 'source': 'proc'},
                   {'destination': '/d', 'type': 'bind', 'source': 'DATA', 'options': ['ro']}],
        'hooks': {'poststop': [{'path': '/x'}], 'startContainer': [{'path': '/y'}]},
        'linux': {'namespaces': [{'type': 'network', 'path': '/proc/self/ns/net'}, {'type': 'mount'},
                                 {'type': 'pid'}, {'type': 'ipc'}, {'type': 'uts'}, {'type': 'time'}],
                  'timeOffsets': {'boottime': {'secs': -3}, 'monotonic': {'nanosecs': 4}},
                  'cgroupsPath': '/docker/web', 'mountLabel': 'x',
                  'sysctl': {'vm.swappiness': '1', 'net.core.somaxconn': '2'}}
      }
      """;

  @TempDir private Path bundle;

  @ParameterizedTest
  @CsvSource({
    "{'process':{}}, linux",
    "'{''root'':{''path'':''r''},''linux'':{''namespaces'':[{''type'':''network''},{''type'':''mount''}]}}', process",
    "'{''process'':{},''linux'':{''namespaces'':[{''type'':''network''},{''type'':''mount''}]}}', root"
  })
  void namesASectionThatIsMissing(String config, String section) {
    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> translate(config, new RecordingJournal()));

    assertEquals("config.json: " + section + ": is required, but missing", e.getMessage());
  }

  @Test
  void replacesWhatIsOfTheHostAndKeepsTheRest() throws Exception {
    RecordingJournal journal = new RecordingJournal();

    GuestConfig guest = translate(CONFIG.replace("DATA", bundle.toString()), journal);

    assertEquals(
        Json.of(
            """
            {
              'ociVersion': '1.0.2',
              'future': {'kept': [1, 2.50, null]},
              'process': {'args': ['sh'], 'cwd': '/', 'futureToo': true},
              'annotations': {'run.occi': 'x'},
              'root': {'path': '/run/limpid/rootfs', 'readonly': true, 'alsoKept': 1},
              'hostname': 'web',
              'mounts': [{'destination': '/proc', 'type': 'proc', 'source': 'proc',
                          'options': ['defaults']},
                         {'destination': '/d', 'type': 'bind',
                          'source': '/run/limpid/share/volume0', 'options': ['bind', 'private', 'ro']}],
              'hooks': {'startContainer': [{'path': '/y'}]},
              'linux': {'namespaces': [{'type': 'mount'}, {'type': 'pid'}, {'type': 'ipc'},
                                       {'type': 'uts'},
                                       {'type': 'network', 'path': '/proc/1/ns/net'},
                                       {'type': 'cgroup'}],
                        'cgroupsPath': '/system.slice/limpid-agent.service/container',
                        'sysctl': {'net.core.somaxconn': '2'}}
            }
            """),
        new JsonReader("guest").parse(guest.text(List.of()).getBytes(StandardCharsets.UTF_8)));
    assertEquals(
        List.of(
            new SharedSource(
                bundle.toRealPath(),
                "volume0",
                new BindOptions(false, true, false, Optional.empty()))),
        guest.sources());
    assertEquals(Optional.of(Path.of("/proc/self/ns/net")), guest.network());
    assertEquals(
        new ContainerSettings(
            List.of(new GuestSysctl("vm/swappiness", "1")),
            List.of(),
            Optional.of(new TimeOffsets(new Offset(0, 4), new Offset(-3, 0))),
            new Scheduling(
                Optional.empty(), Optional.of(new Scheduling.IoPriorityAttributes(3, 7))),
            List.of()),
        guest.settings());
    assertEquals(3, journal.records().size(), journal.records().toString());
  }

  @Test
  void hasNoHooksIfAllAreOfTheHost() {
    String config =
        "{'process':{},'root':{'path':'r'},'hooks':{'poststop':[{'path':'/x'}]},"
            + "'linux':{'namespaces':[{'type':'network'},{'type':'mount'},{'type':'uts'},{'type':'pid'},{'type':'ipc'}]}}";

    GuestConfig guest = translate(config, new RecordingJournal());

    assertFalse(guest.text(List.of()).contains("hooks"), guest.text(List.of()));
    assertEquals(Optional.empty(), guest.network());
  }

  private GuestConfig translate(String config, RecordingJournal journal) {
    return GuestConfig.translate(
        Json.object(config), bundle, bundle, Surroundings.NONE, new MountTable(List.of()), journal);
  }
}
