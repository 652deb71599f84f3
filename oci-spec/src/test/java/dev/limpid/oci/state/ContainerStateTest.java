package dev.limpid.oci.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.limpid.oci.ContainerId;
import dev.limpid.oci.json.InvalidSpecException;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonNull;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonReader;
import dev.limpid.oci.json.JsonWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The state is printed as runc prints it, told to hooks as the specification has it, and read. */
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

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "ociVersion | 1.2 | ociVersion: must be a string, found a number",
        "id | 7 | id: must be a string, found a number",
        "id | \"a/b\" | id: must be a container id, found \"a/b\"",
        "id | \"\" | id: must be a container id, found \"\"",
        "pid | \"1\" | pid: must be a number, found a string",
        "pid | -1 | pid: must be an integer from 0 to 2147483647, found -1",
        "pid | 2147483648 | pid: must be an integer from 0 to 2147483647, found 2147483648",
        "status | \"dead\" | status: must be one of creating, created, running, paused and"
            + " stopped, found \"dead\"",
        "status | \"Running\" | status: must be one of creating, created, running, paused and"
            + " stopped, found \"Running\"",
        "bundle | [] | bundle: must be a string, found an array",
        "rootfs | {} | rootfs: must be a string, found an object",
        "created | 1740832496 | created: must be a string, found a number",
        "created | \"today\" | created: must be a time such as 2025-03-01T12:34:56.789Z, found"
            + " \"today\"",
        "annotations | [] | annotations: must be an object, found an array",
        "annotations | {\"a.b\":1} | annotations[\"a.b\"]: must be a string, found a number",
        "owner | false | owner: must be a string, found a boolean",
      })
  void refusesAWrongMember(String member, String value, String problem) {
    JsonObject json = RUNNING.toJson().with(member, object("{\"v\":" + value + "}").get("v").get());

    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> ContainerState.fromJson(cursor(json)));

    assertEquals("state.json: " + problem, e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"ociVersion", "id", "status", "bundle", "rootfs", "created"})
  void refusesAMissingMember(String member) {
    JsonObject json = RUNNING.toJson().without(member);

    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> ContainerState.fromJson(cursor(json)));

    assertEquals("state.json: " + member + ": is required, but missing", e.getMessage());
  }

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
    assertEquals(
        stopped.with(Status.STOPPED, 0), ContainerState.fromJson(cursor(stopped.toJson())));
  }

  @ParameterizedTest
  @EnumSource
  void isReadAsItWasWritten(Status status) {
    ContainerState state = RUNNING.with(status, status == Status.STOPPED ? 0 : 1);

    ContainerState read = ContainerState.fromJson(cursor(state.toJson()));

    assertEquals(state, read);
    assertEquals(state.toJson().toString(), read.toJson().toString());
  }

  @Test
  void isReadWithMembersUnknownAndAbsent() {
    JsonObject json =
        RUNNING
            .toJson()
            .with("com.example.unknown", 1)
            .with("annotations", JsonNull.NULL)
            .without("pid")
            .without("owner");

    assertEquals(
        new ContainerState(
            "1.2.0",
            new ContainerId("box"),
            Status.RUNNING,
            0,
            "/bundles/box",
            "/bundles/box/rootfs",
            Instant.ofEpochSecond(1740832496, 789),
            Map.of(),
            ""),
        ContainerState.fromJson(cursor(json)));
  }

  @Test
  void changesMakeANewState() {
    ContainerState stopped = RUNNING.with(Status.STOPPED, 0);

    assertEquals(Status.RUNNING, RUNNING.status());
    assertEquals(4242, RUNNING.pid());
    assertEquals(Status.STOPPED, stopped.status());
    assertEquals(RUNNING.created(), stopped.created());
    assertEquals(RUNNING, stopped.with(Status.RUNNING, 4242));
    assertThrows(UnsupportedOperationException.class, () -> RUNNING.annotations().clear());
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

  @ParameterizedTest
  @ValueSource(strings = {"ociVersion", "id", "status", "bundle"})
  void aHookStateLacksNothing(String member) {
    JsonObject json = RUNNING.hookState(Status.CREATED).toJson().without(member);

    InvalidSpecException e =
        assertThrows(InvalidSpecException.class, () -> HookState.fromJson(cursor(json)));

    assertEquals("state.json: " + member + ": is required, but missing", e.getMessage());
  }

  @Test
  void aHookStateIsReadAsItWasWritten() {
    HookState state = RUNNING.hookState(Status.CREATED);

    assertEquals(state, HookState.fromJson(cursor(state.toJson())));
    assertEquals(0, HookState.fromJson(cursor(state.toJson().without("pid"))).pid());
  }

  private static Map<String, String> annotations() {
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put("z.last", "");
    annotations.put("a.first", "é");
    return annotations;
  }

  private static JsonCursor cursor(JsonObject json) {
    return JsonCursor.root("state.json", json);
  }

  private static JsonObject object(String text) {
    return (JsonObject) new JsonReader("test").parse(text.getBytes(StandardCharsets.UTF_8));
  }
}
