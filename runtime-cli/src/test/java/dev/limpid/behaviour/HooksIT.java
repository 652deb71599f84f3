package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Programs of the host at the turns of a container's life. */
final class HooksIT extends Behaviour {
  /** A hook that notes its name and the state that it is given, a line each. */
  private static JsonObject noting(String name, Path notes) {
    return hook("{ echo " + name + " $VARIABLE; tr -d '\\n'; echo; } >> " + notes);
  }

  private static JsonObject hook(String script) {
    return JsonObject.builder()
        .put("path", "/bin/sh")
        .put("args", Json.strings("sh", "-c", script))
        .put("env", Json.strings("PATH=/usr/bin:/bin", "VARIABLE=value"))
        .build();
  }

  private TestBundle bundle(JsonObject hooks) throws Exception {
    return sandbox().bundle().edit(c -> c.with("hooks", hooks)).script("exec sleep 1000000");
  }

  private static JsonObject noting(Path notes, String... names) {
    JsonObject.Builder hooks = JsonObject.builder();
    for (String name : names) {
      hooks.put(name, JsonArray.of(noting(name, notes)));
    }
    return hooks.build();
  }

  @Test
  void hooksRunInTheirOrderAndAreToldTheState() throws Exception {
    Path notes = sandbox().path("notes");
    String id = sandbox().id();
    JsonObject hooks = noting(notes, "prestart", "createRuntime", "poststop");
    runtime().create(id, bundle(hooks).annotation("key", "noted").write());
    long pid = runtime().state(id).required("pid").asInt64();
    List<String> expected = new ArrayList<>(List.of("prestart creating", "createRuntime creating"));
    assertEquals(expected, said(notes, id, pid));
    runtime().call("start", id).succeeded();
    assertEquals(expected, said(notes, id, pid));
    runtime().call("delete", "--force", id).succeeded();
    expected.add("poststop stopped");
    assertEquals(expected, said(notes, id, pid));
  }

  @Test
  void poststartHooksRunAfterTheStart() throws Exception {
    Path notes = sandbox().path("notes");
    String id = sandbox().id();
    JsonObject hooks = noting(notes, "poststart");
    runtime().create(id, bundle(hooks).annotation("key", "noted").write());
    long pid = runtime().state(id).required("pid").asInt64();
    assertTrue(Files.notExists(notes));
    runtime().call("start", id).succeeded();
    assertEquals(List.of("poststart running"), said(notes, id, pid));
  }

  private static List<String> said(Path notes, String id, long pid) throws Exception {
    List<String> said = new ArrayList<>();
    List<String> lines = Files.readAllLines(notes);
    for (int i = 0; i + 1 < lines.size(); i += 2) {
      assertTrue(lines.get(i).endsWith(" value"), lines.get(i));
      JsonCursor state = Json.read(lines.get(i + 1));
      String status = state.requiredString("status");
      assertEquals(id, state.requiredString("id"));
      assertEquals("noted", state.required("annotations").requiredString("key"));
      assertTrue(state.requiredString("bundle").startsWith("/"));
      if (!status.equals("stopped")) {
        assertEquals(pid, state.required("pid").asInt64());
      }
      said.add(lines.get(i).replace(" value", "") + " " + status);
    }
    return said;
  }

  @Test
  void aHookThatFailsBeforeTheStartIsTheEndOfCreate() throws Exception {
    for (String name : List.of("prestart", "createRuntime")) {
      JsonObject failing =
          JsonObject.builder()
              .put(name, JsonArray.of(hook("echo what went wrong >&2; exit 3")))
              .build();
      Outcome outcome =
          runtime()
              .call("create", "--bundle", bundle(failing).write().toString(), sandbox().id())
              .exited(1);
      assertTrue((outcome.out() + outcome.err()).contains("exit status 3"), outcome::toString);
      assertTrue((outcome.out() + outcome.err()).contains("what went wrong"), outcome::toString);
      sandbox().assertNothingIsLeft();
    }
  }

  @Test
  void aHookThatFailsAfterTheStartEndsTheContainer() throws Exception {
    String id = sandbox().id();
    JsonObject failing =
        JsonObject.builder().put("poststart", JsonArray.of(hook("exit 3"))).build();
    runtime().create(id, bundle(failing).write());
    runtime().call("start", id).exited(1);
    runtime().awaitStatus(id, "stopped");
  }

  private static JsonObject hooks(String kind, JsonObject... hooks) {
    return JsonObject.builder().put(kind, JsonArray.of(hooks)).build();
  }

  private void assertCreateFails(String reason, JsonObject hooks) throws Exception {
    Outcome outcome =
        runtime()
            .call("create", "--bundle", bundle(hooks).write().toString(), sandbox().id())
            .exited(1);
    assertTrue((outcome.out() + outcome.err()).contains(reason), outcome::toString);
    sandbox().assertNothingIsLeft();
  }

  @Test
  void aHookThatTakesTooLongIsTheEndOfCreate() throws Exception {
    assertCreateFails("1", hooks("createRuntime", hook("exec sleep 1000").with("timeout", 1)));
  }

  @Test
  void aHookThatDoesNotExistIsTheEndOfCreate() throws Exception {
    assertCreateFails(
        "/no/such/hook",
        hooks("prestart", JsonObject.builder().put("path", "/no/such/hook").build()));
  }

  @Test
  void theFirstHookThatFailsIsTheLast() throws Exception {
    Path notes = sandbox().path("notes");
    assertCreateFails(
        "exit status 3", hooks("prestart", hook("exit 3"), hook("echo 2 > " + notes)));
    assertTrue(Files.notExists(notes));
  }

  @Test
  void poststopHooksRunWhateverOthersDo() throws Exception {
    Path notes = sandbox().path("notes");
    String id = sandbox().id();
    JsonObject hooks =
        hooks(
            "poststop",
            hook("exit 3"),
            hook("exec sleep 1000").with("timeout", 1),
            hook("echo last > " + notes));
    runtime().create(id, bundle(hooks).write());
    runtime().call("delete", "--force", id).succeeded();
    assertEquals("last\n", Files.readString(notes));
  }

  @Test
  void poststopHooksRunOnceWhenTheContainerIsDeleted() throws Exception {
    Path notes = sandbox().path("notes");
    String id = sandbox().id();
    TestBundle bundle = bundle(hooks("poststop", hook("echo x >> " + notes))).script("true");
    runtime().createAndStart(id, bundle.write());
    runtime().awaitStatus(id, "stopped");
    assertTrue(Files.notExists(notes));
    runtime().call("delete", id).succeeded();
    assertEquals("x\n", Files.readString(notes));
  }

  @Test
  void aStartContainerHookThatFailsKeepsTheProgramFromRunning() throws Exception {
    assertNeverRuns(hook("exit 3"));
  }

  @Test
  void aStartContainerHookThatTakesTooLongKeepsTheProgramFromRunning() throws Exception {
    assertNeverRuns(hook("exec sleep 1000").with("timeout", 1));
  }

  private void assertNeverRuns(JsonObject startContainer) throws Exception {
    String id = sandbox().id();
    TestBundle bundle = bundle(hooks("startContainer", startContainer)).script("echo ran");
    Path output = runtime().create(id, bundle.write());
    // Whether start has failed by then, too, is a matter of time.
    runtime().call("start", id);
    runtime().awaitStatus(id, "stopped");
    assertFalse(OciRuntime.text(output).contains("ran\n"), OciRuntime.text(output));
    runtime().call("delete", id).succeeded();
  }

  @Test
  @VmOnly
  void hooksOfTheHostInTheContainersNamespacesAreRefused() throws Exception {
    assertCreateFails("hooks.createContainer", hooks("createContainer", hook("true")));
  }

  @Test
  void aHooksPathIsAbsolute() throws Exception {
    JsonObject relative = JsonObject.builder().put("path", "bin/true").build();
    assertCreateFails("bin/true", hooks("createRuntime", relative));
  }
}
