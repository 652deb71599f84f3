package dev.limpid.engine.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.engine.container.ContainerRecord.Phase;
import dev.limpid.oci.ContainerId;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.state.ContainerState;
import dev.limpid.oci.state.Status;
import dev.limpid.vm.cgroup.CgroupTree;
import dev.limpid.vm.cgroup.HostCgroup;
import dev.limpid.vm.rootfs.UpperDisk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** state.json, written and read again. */
class ContainerRecordTest {
  private static final String GOOD =
      "{\"id\":\"web\",\"phase\":\"CREATED\",\"shim\":{\"pid\":7,\"startTime\":8},"
          + "\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\",\"created\":\"2025-03-01T12:34:56Z\"}";

  static List<Arguments> wrong() {
    return List.of(
        Arguments.of(GOOD, "[]", "must be an object, found an array"),
        Arguments.of("\"id\"", "\"no\"", "id: is required, but missing"),
        Arguments.of("\"web\"", "1", "id: must be a string, found a number"),
        Arguments.of("\"web\"", "\"..\"", "id: must be a container's id, found \"..\""),
        Arguments.of("\"phase\"", "\"no\"", "phase: is required, but missing"),
        Arguments.of("CREATED", "created", "phase: must be a phase, found \"created\""),
        Arguments.of("{\"pid\":7,\"startTime\":8}", "7", "shim: must be an object, found a number"),
        Arguments.of("\"pid\"", "\"no\"", "shim.pid: is required, but missing"),
        Arguments.of("\"pid\":7", "\"pid\":\"7\"", "shim.pid: must be a number, found a string"),
        Arguments.of(
            "\"pid\":7", "\"pid\":0", "shim.pid: must be an integer from 1 to 2147483647, found 0"),
        Arguments.of(
            "\"pid\":7",
            "\"pid\":2147483648",
            "shim.pid: must be an integer from 1 to 2147483647, found 2147483648"),
        Arguments.of("\"startTime\"", "\"no\"", "shim.startTime: is required, but missing"),
        Arguments.of(
            "\"id\"", "\"children\":{},\"id\"", "children: must be an array, found an object"),
        Arguments.of(
            "\"id\"",
            "\"children\":[{\"pid\":7}],\"id\"",
            "children[0].startTime: is required, but missing"),
        Arguments.of("\"bundle\"", "\"no\"", "bundle: is required, but missing"),
        Arguments.of("\"/b\"", "\"\\u0000\"", "bundle: must be a path, found \"\\u0000\""),
        Arguments.of("\"rootfs\"", "\"no\"", "rootfs: is required, but missing"),
        Arguments.of("\"/b/rootfs\"", "\"\\u0000\"", "rootfs: must be a path, found \"\\u0000\""),
        Arguments.of("\"created\"", "\"no\"", "created: is required, but missing"),
        Arguments.of("2025-", "2025/", "created: must be a time, found \"2025/03-01T12:34:56Z\""),
        Arguments.of(
            "\"id\"",
            "\"annotations\":[],\"id\"",
            "annotations: must be an object, found an array"),
        Arguments.of(
            "\"id\"",
            "\"annotations\":{\"a\":1},\"id\"",
            "annotations.a: must be a string, found a number"),
        Arguments.of(
            "\"id\"", "\"releases\":{},\"id\"", "releases: must be an array, found an object"),
        Arguments.of(
            "\"id\"",
            "\"releases\":[\"\\u0000\"],\"id\"",
            "releases[0]: must be a path, found \"\\u0000\""),
        Arguments.of("\"id\"", "\"cgroup\":{},\"id\"", "cgroup.version: is required, but missing"),
        Arguments.of(
            "\"id\"",
            "\"cgroup\":{\"version\":\"V3\"},\"id\"",
            "cgroup.version: must be a version of control groups, found \"V3\""),
        Arguments.of(
            "\"id\"",
            "\"cgroup\":{\"version\":\"V2\",\"directories\":[\"\\u0000\"]},\"id\"",
            "cgroup.directories[0]: must be a path, found \"\\u0000\""));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void refuses(String good, String bad, String problem) {
    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> read(GOOD.replace(good, bad)));

    assertEquals("state.json: " + problem, e.getMessage());
  }

  @Test
  void comesBackAsItWas() {
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put("z", "1");
    annotations.put("a", "\n\"");
    ContainerRecord container =
        new ContainerRecord(
            new ContainerId("web"),
            Phase.RUNNING,
            false,
            Optional.of(new HostProcess(1, 2)),
            List.of(new HostProcess(Integer.MAX_VALUE, Long.MAX_VALUE), new HostProcess(3, 4)),
            Path.of("/b"),
            Path.of("/b/rootfs"),
            Containers.CREATED,
            annotations,
            List.of(Path.of("/o/work"), Path.of("/o/other")),
            Optional.of(new UpperDisk(Path.of("/o/disk"), Path.of("/o/back"), true)),
            new HostCgroup(
                CgroupTree.Version.V1,
                List.of(Path.of("/sys/fs/cgroup/cpu/a"), Path.of("/sys/fs/cgroup/memory/a")),
                Optional.of("a.scope")));

    ContainerRecord read = ContainerRecord.fromJson(JsonCursor.root("x", container.toJson()));

    assertEquals(container, read);
    assertEquals(List.of("z", "a"), List.copyOf(read.annotations().keySet()));
  }

  @Test
  void comesBackWithNothingInIt() {
    ContainerRecord container = Containers.without("web", Phase.CREATING);

    assertEquals(container, ContainerRecord.fromJson(JsonCursor.root("x", container.toJson())));
  }

  @Test
  void needsNoMoreThanThis() {
    assertEquals(
        new ContainerRecord(
            new ContainerId("web"),
            Phase.CREATED,
            false,
            Optional.of(new HostProcess(7, 8)),
            List.of(),
            Path.of("/b"),
            Path.of("/b/rootfs"),
            java.time.Instant.parse("2025-03-01T12:34:56Z"),
            Map.of(),
            List.of(),
            Optional.empty(),
            HostCgroup.NONE),
        read(GOOD));
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  void changesItsPhaseAlone(Phase phase) {
    ContainerRecord container = Containers.alive("web", Phase.CREATING);

    assertEquals(Containers.alive("web", phase), container.in(phase));
  }

  @Test
  void isToldAsTheSpecificationHasIt() {
    ContainerRecord container = Containers.alive("web", Phase.RUNNING);

    ContainerState state = container.state(Status.RUNNING);

    assertEquals(
        JsonObject.builder()
            .put("ociVersion", "1.2.0")
            .put("id", "web")
            .put("pid", ProcessHandle.current().pid())
            .put("status", "running")
            .put("bundle", "/bundles/web")
            .put("rootfs", "/bundles/web/rootfs")
            .put("created", "2025-03-01T12:34:56.000000789Z")
            .put("owner", "")
            .build(),
        state.toJson());
    assertEquals(0, Containers.without("web", Phase.CREATING).state(Status.CREATING).pid());
  }

  private static ContainerRecord read(String json) {
    return ContainerRecord.fromJson(
        JsonCursor.root(
            "state.json",
            new JsonReader("state.json").parse(json.getBytes(StandardCharsets.UTF_8))));
  }
}
