package dev.limpid.oci.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonBoolean;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNull;
import dev.limpid.oci.json.JsonNumber;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every member of config.json is refused with its path and the reason if it is wrong. */
class BadConfigTest {
  private static final Pattern INDEX = Pattern.compile("\\[[0-9]+]");

  /** One value of every kind but null, which stands for an absent member. */
  private static final List<JsonValue> KINDS =
      List.of(
          JsonObject.empty(),
          JsonArray.empty(),
          new JsonString("x"),
          JsonNumber.of(1),
          JsonBoolean.TRUE);

  /** What cannot be taken away from the full document, by path without indices. */
  private static final Set<String> REQUIRED =
      Set.of(
          "ociVersion",
          "process",
          "process.args",
          "process.cwd",
          "process.consoleSize.height",
          "process.consoleSize.width",
          "process.rlimits[].type",
          "process.rlimits[].soft",
          "process.rlimits[].hard",
          "process.ioPriority.class",
          "process.ioPriority.priority",
          "process.scheduler.policy",
          "root",
          "root.path",
          "mounts[].destination",
          "mounts[].source", // of the bind mount; the other one may go without
          "mounts[].uidMappings[].containerID",
          "mounts[].uidMappings[].hostID",
          "mounts[].uidMappings[].size",
          "mounts[].gidMappings[].containerID",
          "mounts[].gidMappings[].hostID",
          "mounts[].gidMappings[].size",
          "hooks.prestart[].path",
          "hooks.createRuntime[].path",
          "hooks.createContainer[].path",
          "hooks.startContainer[].path",
          "hooks.poststart[].path",
          "hooks.poststop[].path",
          "linux.namespaces[].type",
          "linux.uidMappings[].containerID",
          "linux.uidMappings[].hostID",
          "linux.uidMappings[].size",
          "linux.gidMappings[].containerID",
          "linux.gidMappings[].hostID",
          "linux.gidMappings[].size",
          "linux.devices[].type",
          "linux.devices[].path",
          "linux.devices[].major",
          "linux.devices[].minor",
          "linux.resources.devices[].allow",
          "linux.resources.blockIO.weightDevice[].major",
          "linux.resources.blockIO.weightDevice[].minor",
          "linux.resources.blockIO.throttleReadBpsDevice[].major",
          "linux.resources.blockIO.throttleReadBpsDevice[].minor",
          "linux.resources.blockIO.throttleReadBpsDevice[].rate",
          "linux.resources.blockIO.throttleWriteBpsDevice[].major",
          "linux.resources.blockIO.throttleWriteBpsDevice[].minor",
          "linux.resources.blockIO.throttleWriteBpsDevice[].rate",
          "linux.resources.blockIO.throttleReadIOPSDevice[].major",
          "linux.resources.blockIO.throttleReadIOPSDevice[].minor",
          "linux.resources.blockIO.throttleReadIOPSDevice[].rate",
          "linux.resources.blockIO.throttleWriteIOPSDevice[].major",
          "linux.resources.blockIO.throttleWriteIOPSDevice[].minor",
          "linux.resources.blockIO.throttleWriteIOPSDevice[].rate",
          "linux.resources.hugepageLimits[].pageSize",
          "linux.resources.hugepageLimits[].limit",
          "linux.resources.network.priorities[].name",
          "linux.resources.network.priorities[].priority",
          "linux.seccomp.defaultAction",
          "linux.seccomp.syscalls[].names",
          "linux.seccomp.syscalls[].action",
          "linux.seccomp.syscalls[].args[].index",
          "linux.seccomp.syscalls[].args[].value",
          "linux.seccomp.syscalls[].args[].op",
          "linux.personality.domain",
          "vm.hwConfig.iomems[].firstGFN",
          "vm.hwConfig.iomems[].firstMFN",
          "vm.hwConfig.iomems[].nrMFNs",
          "vm.hypervisor.path",
          "vm.kernel",
          "vm.kernel.path",
          "vm.image.path",
          "vm.image.format");

  /** Maps of texts: null is no text there, and not an absent entry. */
  private static final Set<String> ENTRIES =
      Set.of(
          "annotations[\"com.example.key\"]",
          "linux.sysctl[\"net.core.somaxconn\"]",
          "linux.resources.unified[\"memory.high\"]",
          "linux.resources.rdma.mlx5_1",
          "linux.timeOffsets.monotonic",
          "linux.timeOffsets.boottime");

  static List<BadConfig> badConfigs() {
    return BadConfig.all();
  }

  /** The paths of the full document, of members and elements, sections and values. */
  static List<String> fullPaths() {
    return TestDocuments.places(TestDocuments.full()).stream().map(JsonCursor::path).toList();
  }

  @ParameterizedTest
  @MethodSource("badConfigs")
  void saysWhereAndWhy(BadConfig bad) {
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class, () -> ConfigParser.parse("config.json", bad.document()));

    assertEquals(bad.message(), e.getMessage());
    assertEquals("config.json", e.document());
  }

  @Test
  void everyFieldHasABadFixture() {
    Set<String> covered = new HashSet<>();
    for (BadConfig bad : BadConfig.all()) {
      if (bad.blamesItsPath()) {
        covered.add(withoutIndices(bad.path()));
      }
    }

    Set<String> missing = new TreeSet<>();
    for (String path : fullPaths()) {
      if (!covered.contains(withoutIndices(path))) {
        missing.add(withoutIndices(path));
      }
    }
    assertEquals(Set.of(), missing, "paths without a fixture in bad-configs.txt");
  }

  @Test
  void noFixtureStandsTwice() {
    Set<String> changes = new HashSet<>();
    for (BadConfig bad : BadConfig.all()) {
      assertFalse(changes.contains(bad.change()), bad.change());
      changes.add(bad.change());
    }
  }

  @ParameterizedTest
  @MethodSource("fullPaths")
  void namesBothKindsOfAValueOfTheWrongKind(String path) {
    JsonObject full = TestDocuments.full();
    String expected = kindAt(full, path);
    for (JsonValue value : KINDS) {
      if (!value.kind().equals(expected)) {
        assertEquals(
            Optional.of(
                "config.json: " + path + ": must be " + expected + ", found " + value.kind()),
            problem(DocumentPath.parse(path).set(full, value)));
      }
    }
  }

  @Test
  void onlyRequiredMembersAreMissed() {
    JsonObject full = TestDocuments.full();
    Set<String> missed = new TreeSet<>();
    for (String path : fullPaths()) {
      DocumentPath place = DocumentPath.parse(path);
      if (place.endsAtMember() && !path.equals("linux.seccomp.listenerPath")) {
        Optional<String> problem = problem(place.remove(full));
        if (problem.isPresent()) {
          assertEquals("config.json: " + path + ": is required, but missing", problem.get());
          missed.add(withoutIndices(path));
        }
      }
    }
    assertEquals(new TreeSet<>(REQUIRED), missed);
  }

  @Test
  void nullIsAsGoodAsAbsent() {
    JsonObject full = TestDocuments.full();
    List<String> compared = new ArrayList<>();
    for (String path : fullPaths()) {
      DocumentPath place = DocumentPath.parse(path);
      if (place.endsAtMember() && !ENTRIES.contains(path)) {
        assertEquals(problem(place.remove(full)), problem(place.set(full, JsonNull.NULL)), path);
        compared.add(path);
      }
    }
    assertFalse(compared.isEmpty());
  }

  @Test
  void nullIsNoElement() {
    JsonObject full = TestDocuments.full();
    List<String> places = new ArrayList<>(ENTRIES);
    for (String path : fullPaths()) {
      if (!DocumentPath.parse(path).endsAtMember()) {
        places.add(path);
      }
    }
    for (String path : places) {
      assertEquals(
          Optional.of("config.json: " + path + ": must be " + kindAt(full, path) + ", found null"),
          problem(DocumentPath.parse(path).set(full, JsonNull.NULL)));
    }
  }

  @Test
  void theDocumentIsAnObject() {
    assertEquals(
        Optional.of("config.json: must be an object, found an array"), problem(JsonArray.empty()));
    assertEquals(Optional.of("config.json: must be an object, found null"), problem(JsonNull.NULL));
  }

  private static Optional<String> problem(JsonValue document) {
    try {
      ConfigParser.parse("config.json", document);
      return Optional.empty();
    } catch (InvalidSpecException e) {
      return Optional.of(e.getMessage());
    }
  }

  private static String kindAt(JsonObject document, String path) {
    for (JsonCursor place : TestDocuments.places(document)) {
      if (place.path().equals(path)) {
        return place.value().kind();
      }
    }
    throw new IllegalArgumentException(path);
  }

  private static String withoutIndices(String path) {
    return INDEX.matcher(path).replaceAll("[]");
  }
}
