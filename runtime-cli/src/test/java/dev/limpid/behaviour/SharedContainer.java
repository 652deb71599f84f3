package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Tests that share one running container, which none of them may end. */
@TestInstance(Lifecycle.PER_CLASS)
abstract class SharedContainer {
  private Sandbox sandbox;
  private String id;
  private Path output;

  /** Says what the container shall be. */
  abstract void describe(TestBundle bundle) throws Exception;

  @BeforeAll
  void startContainer() throws Exception {
    sandbox = Sandbox.open();
    id = sandbox.id();
    TestBundle bundle = sandbox.bundle();
    describe(bundle);
    output = runtime().createAndStart(id, bundle.write());
  }

  @AfterAll
  void closeSandbox() throws Exception {
    sandbox.close();
  }

  final Sandbox sandbox() {
    return sandbox;
  }

  final OciRuntime runtime() {
    return sandbox.runtime();
  }

  final String id() {
    return id;
  }

  /** What the container has written so far. */
  final String output() {
    return OciRuntime.text(output);
  }

  /** Runs a program in the container. */
  final Outcome exec(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("exec"));
    all.addAll(List.of(arguments));
    return runtime().call(all.toArray(new String[0]));
  }

  /** Runs a script in the container, and tells what it prints. */
  final String shell(String script) throws Exception {
    return exec(id, "sh", "-c", script).succeeded().out();
  }

  /** A file with the process object of a script. */
  final Path process(String script, JsonObject members) throws Exception {
    JsonObject process =
        Json.object("{\"cwd\": \"/\", \"env\": [\"PATH=/bin\"]}")
            .with("args", Json.strings("/bin/sh", "-c", script));
    for (var member : members.members().entrySet()) {
      process = process.with(member.getKey(), member.getValue());
    }
    return Files.writeString(sandbox.path("process"), JsonWriter.compact().write(process));
  }

  /** Asserts what the script of a process object prints. */
  final void assertSays(String expected, String script, JsonObject members) throws Exception {
    Path file = process(script, members);
    assertEquals(expected, exec("--process", file.toString(), id).succeeded().out());
  }
}
