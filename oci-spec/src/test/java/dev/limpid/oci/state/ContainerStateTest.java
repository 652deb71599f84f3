package dev.limpid.oci.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.oci.ContainerId;
import dev.limpid.oci.json.JsonWriter;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The state is printed as runc prints it, and told to hooks as the specification has it. */
class ContainerStateTest {
  private static final ContainerState RUNNING =
      new ContainerState(
          "1.2.0",
          new ContainerId("box"),
          Status.RUNNING,
          4242,
          "/bundles/box",
          "/bundles/box/rootfs",
          Instant.ofEpochSecond(1740832496, 789),
          annotations(),
          "");

  @Test
  void isPrintedAsRuncPrintsIt() {
    assertEquals(
        """
        {
          "ociVersion": "1.2.0",
          "id": "box",
          "pid": 4242,
          "status": "running",
          "bundle": "/bundles/box",
          "rootfs": "/bundles/box/rootfs",
          "created": "2025-03-01T12:34:56.000000789Z",
          "annotations": {
            "z.last": "",
            "a.first": "é"
          },
          "owner": ""
        }""",
        JsonWriter.indented("  ").write(RUNNING.toJson()));
  }

  @Test
  void hasNoPidOnceItHasStoppedAndNoAnnotationsIfThereAreNone() {
    ContainerState stopped =
        new ContainerState(
            "1.0.2-dev",
            new ContainerId("box"),
            Status.STOPPED,
            4242,
            "/b",
            "/r",
            Instant.EPOCH,
            Map.of(),
            "root");

    assertEquals(
        "{\"ociVersion\":\"1.0.2-dev\",\"id\":\"box\",\"pid\":0,\"status\":\"stopped\","
            + "\"bundle\":\"/b\",\"rootfs\":\"/r\",\"created\":\"1970-01-01T00:00:00.000000000Z\","
            + "\"owner\":\"root\"}",
        stopped.toJson().toString());
  }

  @Test
  void doesNotFollowTheMapItWasMadeOf() {
    Map<String, String> annotations = annotations();
    HookState hookState =
        new HookState("1.2.0", new ContainerId("x"), Status.CREATED, 1, "/b", annotations);
    annotations.clear();

    assertEquals(annotations(), hookState.annotations());
    assertThrows(UnsupportedOperationException.class, () -> hookState.annotations().clear());
  }

  @Test
  void hooksAreToldWhatTheSpecificationKnows() {
    assertEquals(
        "{\"ociVersion\":\"1.2.0\",\"id\":\"box\",\"status\":\"creating\",\"pid\":4242,"
            + "\"bundle\":\"/bundles/box\",\"annotations\":{\"z.last\":\"\",\"a.first\":\"é\"}}",
        RUNNING.hookState(Status.CREATING).toJson().toString());
  }

  @Test
  void hooksAfterTheEndAreToldOfNoPid() {
    ContainerState bare =
        new ContainerState(
            "1.2.0",
            new ContainerId("box"),
            Status.RUNNING,
            4242,
            "/b",
            "/r",
            Instant.EPOCH,
            Map.of(),
            "root");

    assertEquals(
        "{\"ociVersion\":\"1.2.0\",\"id\":\"box\",\"status\":\"stopped\",\"pid\":0,"
            + "\"bundle\":\"/b\"}",
        bare.hookState(Status.STOPPED).toJson().toString());
  }

  private static Map<String, String> annotations() {
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put("z.last", "");
    annotations.put("a.first", "é");
    return annotations;
  }
}
