package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** What hooks are given, and what they find. One container runs all of them, and writes it down. */
@TestInstance(Lifecycle.PER_CLASS)
final class HookSurroundingsIT {
  private Sandbox sandbox;
  private Path notes;
  private TestBundle bundle;
  private Outcome outcome;

  private static JsonObject hook(String script, String... arguments) {
    List<String> args = new ArrayList<>(List.of("sh", "-c", script));
    args.addAll(List.of(arguments));
    return JsonObject.builder()
        .put("path", "/bin/sh")
        .put("args", JsonArray.ofStrings(args))
        .put("env", Json.strings("PATH=/usr/bin:/bin", "A=b c", "EMPTY="))
        .build();
  }

  /** A hook that notes a word in the file of the order, and does something else. */
  private JsonObject hook(int number, String script) {
    return hook("echo " + number + " >> " + notes.resolve("order") + "; " + script);
  }

  @BeforeAll
  void run() throws Exception {
    sandbox = Sandbox.open();
    notes = Files.createDirectory(sandbox.path("notes"));
    JsonObject arguments =
        hook(
            "tr '\\0' '\\n' < /proc/self/environ > "
                + notes.resolve("environment")
                + "; echo \"$0|$1|$2\" > "
                + notes.resolve("arguments"),
            "zero",
            "a b",
            "");
    String networks =
        "pid=$(grep -o '\"pid\": *[0-9]*' | grep -o '[0-9]*$');"
            + " readlink /proc/self/ns/net /proc/$pid/ns/net > "
            + notes.resolve("networks");
    JsonObject hooks =
        JsonObject.builder()
            .put("prestart", JsonArray.of(hook(1, networks), hook(2, "echo noise; echo err >&2")))
            .put("createRuntime", JsonArray.of(hook(3, ""), arguments))
            .put(
                "startContainer",
                JsonArray.of(
                    hook("cat /etc/plain > /tmp/noted; cat > /tmp/state"),
                    hook("echo \"$0|$1|$A\" >> /tmp/noted", "zero", "a b")))
            .put("poststop", JsonArray.of(hook(4, ""), hook(5, "")))
            .build();
    bundle =
        sandbox
            .bundle()
            .edit(c -> c.with("hooks", hooks))
            .annotation("key", "noted")
            .script("echo program >> /tmp/noted; echo out");
    outcome =
        sandbox
            .runtime()
            .call("run", "--bundle", bundle.write().toString(), sandbox.id())
            .succeeded();
  }

  @AfterAll
  void close() throws Exception {
    sandbox.close();
  }

  private Path inRootfs(String name) {
    return bundle.rootfs().resolve("tmp").resolve(name);
  }

  private JsonCursor insideState() throws Exception {
    return Json.read(Files.readString(inRootfs("state")));
  }

  @Test
  void severalOfAKindRunInTheirOrder() throws Exception {
    assertEquals("1\n2\n3\n4\n5\n", Files.readString(notes.resolve("order")));
  }

  @Test
  void aHookHasItsArguments() throws Exception {
    assertEquals("zero|a b|\n", Files.readString(notes.resolve("arguments")));
  }

  @Test
  void aHookHasItsEnvironmentAlone() throws Exception {
    List<String> lines = new ArrayList<>(Files.readAllLines(notes.resolve("environment")));
    // A shell adds these.
    lines.removeIf(line -> line.matches("(PWD|OLDPWD|SHLVL|_)=.*"));
    lines.sort(null);
    assertEquals(List.of("A=b c", "EMPTY=", "PATH=/usr/bin:/bin"), lines);
  }

  @Test
  void aHookFindsTheNetworkOfThePidInTheState() throws Exception {
    List<String> networks = Files.readAllLines(notes.resolve("networks"));
    assertEquals(2, networks.size());
    assertTrue(networks.get(1).matches("net:\\[\\d+]"), networks::toString);
    assertNotEquals(networks.get(0), networks.get(1));
  }

  @Test
  void whatAHookPrintsIsNotTheContainers() {
    assertEquals("out\n", outcome.out());
    assertEquals("", outcome.err());
  }

  @Test
  void startContainerHooksRunInsideBeforeTheProgram() throws Exception {
    List<String> lines = Files.readAllLines(inRootfs("noted"));
    assertEquals("text", lines.get(0));
    assertEquals("program", lines.get(lines.size() - 1));
  }

  @Test
  void startContainerHooksHaveArgumentsAndEnvironmentAndOrder() throws Exception {
    assertEquals(List.of("text", "zero|a b|b c", "program"), Files.readAllLines(inRootfs("noted")));
  }

  @Test
  void aStartContainerHookIsToldTheAnnotations() throws Exception {
    assertEquals("noted", insideState().required("annotations").requiredString("key"));
  }

  /** It is the guest's view: the host's paths mean nothing there. */
  @Test
  @VmOnly
  void aStartContainerHookIsToldTheGuestsBundle() throws Exception {
    String told = insideState().requiredString("bundle");
    assertTrue(told.startsWith("/") && !told.startsWith(sandbox.directory().toString()), told);
  }
}
