package dev.limpid.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.engine.Json;
import dev.limpid.engine.container.ContainerRecord;
import dev.limpid.engine.container.ContainerRecord.Phase;
import dev.limpid.engine.container.ContainerStore;
import dev.limpid.engine.container.Containers;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.spec.DefaultConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The verbs for containers, as far as no VM has to answer. */
class ContainersTest {
  private static final long PID = ProcessHandle.current().pid();

  private Path folder;
  private Path root;

  @BeforeEach
  void prepare(@TempDir Path temporary) {
    folder = temporary;
    root = folder.resolve("root");
  }

  @ParameterizedTest
  @ValueSource(strings = {"start x", "state x", "kill x", "kill --all x KILL", "delete x"})
  void thereIsNoSuchContainer(String call) {
    assertEquals(
        new Outcome(1, "", "limpid: container does not exist\n"), limpid(call.split(" ", -1)));
    assertFalse(Files.exists(root));
  }

  @Test
  void forceIsContentWithThat() {
    assertEquals(new Outcome(0, "", ""), limpid("delete", "--force", "x"));
  }

  @Test
  void anIdIsTakenBeforeTheBundleIsLookedAtTwice() throws IOException {
    make(Containers.alive("web", Phase.RUNNING));
    Files.createDirectories(folder.resolve("rootfs"));
    Files.writeString(
        folder.resolve("config.json"),
        DefaultConfig.text().replace("\"terminal\": true", "\"terminal\": false"));

    assertEquals(
        new Outcome(1, "", "limpid: container with given ID already exists\n"),
        limpid("create", "web"));
  }

  @Test
  void listsNothing() {
    assertEquals(
        new Outcome(0, "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n", ""),
        limpid("list"));
    assertEquals(new Outcome(0, "[]\n", ""), limpid("list", "-f", "json"));
    assertEquals(new Outcome(0, "", ""), limpid("list", "-q"));
  }

  @Test
  void refusesFormats() {
    assertEquals(
        new Outcome(1, "", "limpid: --format: xml: must be table or json\n"),
        limpid("list", "--format", "xml"));
  }

  @Test
  void listsInColumns() throws IOException {
    make(Containers.alive("web", Phase.RUNNING));
    make(Containers.dead("a-rather-long-name", Phase.CREATED));

    String pid = Long.toString(PID);
    assertEquals(
        new Outcome(
            0,
            String.join(
                "\n",
                "ID                   PID         STATUS      BUNDLE                        CREATED   "
                    + "                       OWNER",
                "a-rather-long-name   0           stopped     /bundles/a-rather-long-name   2025-03-01"
                    + "T12:34:56.000000789Z   "
                    + owner(),
                "web                  "
                    + pid
                    + " ".repeat(12 - pid.length())
                    + "running     /bundles/web                  2025-03-01T12:34:56.000000789Z   "
                    + owner(),
                ""),
            ""),
        limpid("list"));
  }

  @Test
  void listsNamesAlone() {
    make(Containers.alive("b", Phase.CREATED));
    make(Containers.alive("a", Phase.CREATING));

    assertEquals(new Outcome(0, "a\nb\n", ""), limpid("list", "--quiet"));
    assertEquals(new Outcome(0, "a\nb\n", ""), limpid("list", "-q", "-f", "json"));
  }

  @Test
  void listsAsJson() throws IOException {
    make(Containers.alive("web", Phase.CREATED));
    Containers.claimed(new ContainerStore(root), "unknown");

    assertEquals(
        new Outcome(0, "[" + json("web", PID, "created").with("owner", owner()) + "]\n", ""),
        limpid("list", "--format=json"));
  }

  @Test
  void tellsTheState() {
    make(Containers.dead("web", Phase.RUNNING));

    Outcome outcome = limpid("state", "web");

    assertEquals(0, outcome.status());
    assertEquals(json("web", 0, "stopped"), Json.parse(outcome.out()));
    assertTrue(outcome.out().startsWith("{\n  \"ociVersion\": \"1.2.0\",\n"), outcome.out());
  }

  @Test
  void whatHasStoppedCannotBeStartedOrKilled() {
    make(Containers.dead("web", Phase.CREATED));

    assertEquals(
        new Outcome(1, "", "limpid: cannot start a container that has stopped\n"),
        limpid("start", "web"));
    assertEquals(new Outcome(1, "", "limpid: container not running\n"), limpid("kill", "web"));
    assertEquals(new Outcome(0, "", ""), limpid("kill", "--all", "web", "KILL"));
    assertEquals(
        new Outcome(1, "", "limpid: unknown signal \"NOSUCH\"\n"), limpid("kill", "web", "NOSUCH"));
  }

  @Test
  void whatRunsCannotBeStartedAgainOrDeleted() {
    make(Containers.alive("web", Phase.RUNNING));

    assertEquals(
        new Outcome(1, "", "limpid: cannot start an already running container\n"),
        limpid("start", "web"));
    assertEquals(
        new Outcome(1, "", "limpid: cannot delete container web that is not stopped: running\n"),
        limpid("delete", "web"));
    assertEquals(new Outcome(0, "", ""), limpid("kill", "web", "0"));
  }

  @Test
  void deletesWhatHasStoppedWithAllItHadMade() throws IOException {
    Path release = Files.createDirectories(folder.resolve("work/deep")).getParent();
    ContainerRecord dead = Containers.dead("web", Phase.RUNNING);
    make(
        new ContainerRecord(
            dead.id(),
            dead.phase(),
            false,
            dead.shim(),
            List.of(),
            dead.bundle(),
            dead.rootfs(),
            dead.created(),
            dead.annotations(),
            List.of(release),
            Optional.empty(),
            dead.cgroup()));

    assertEquals(new Outcome(0, "", ""), limpid("delete", "web"));
    assertFalse(Files.exists(root.resolve("web")));
    assertFalse(Files.exists(release));
    assertEquals(1, limpid("delete", "web").status());
  }

  @Test
  void namesAStateThatIsBroken() throws IOException {
    make(Containers.dead("web", Phase.RUNNING));
    Files.writeString(root.resolve("web/state.json"), "{");

    Outcome outcome = limpid("state", "web");

    assertEquals(1, outcome.status());
    assertTrue(
        outcome.err().startsWith("limpid: " + root.resolve("web/state.json") + ": state.json:"),
        outcome.err());
  }

  @Test
  void listsWhatItCanReadOfARootThatOthersUseToo() throws IOException {
    make(Containers.alive("web", Phase.CREATED));
    Path other = Files.createDirectories(root.resolve("of-another-runtime"));
    Files.writeString(other.resolve("state.json"), "{\"id\":\"of-another-runtime\"}");

    Outcome outcome = limpid("list", "-q");

    assertEquals("web\n", outcome.out());
    assertEquals(0, outcome.status());
    assertTrue(outcome.err().contains("warning: not a container of limpid: "), outcome.err());
  }

  @Test
  void forceDeletesWhatCannotBeRead() throws IOException {
    for (String file : List.of("state.json", "config.json")) {
      make(Containers.dead("web", Phase.RUNNING));
      Files.writeString(root.resolve("web").resolve(file), "{");

      assertEquals(1, limpid("delete", "web").status(), file);
      assertTrue(Files.exists(root.resolve("web")), file);
      Outcome outcome = limpid("delete", "--force", "web");
      assertEquals(0, outcome.status(), outcome.err());
      assertTrue(outcome.err().startsWith("limpid: warning: "), outcome.err());
      assertFalse(Files.exists(root.resolve("web")), file);
    }
  }

  @Test
  void argumentsThatBeginWithAtAreNoFiles() throws IOException {
    Path file = Files.writeString(folder.resolve("arguments"), "secret");

    Outcome outcome = limpid("state", "@" + file);

    assertEquals(1, outcome.status());
    assertFalse(outcome.err().contains("secret"), outcome.err());
  }

  private void make(ContainerRecord container) {
    var directory = Containers.claimed(new ContainerStore(root), container.id().value());
    directory.saveConfig(DefaultConfig.json());
    directory.write(container);
  }

  private String owner() throws IOException {
    return Files.getOwner(root).getName();
  }

  private static JsonObject json(String id, long pid, String status) {
    return JsonObject.builder()
        .put("ociVersion", "1.2.0")
        .put("id", id)
        .put("pid", pid)
        .put("status", status)
        .put("bundle", "/bundles/" + id)
        .put("rootfs", "/bundles/" + id + "/rootfs")
        .put("created", "2025-03-01T12:34:56.000000789Z")
        .put("owner", "")
        .build();
  }

  private Outcome limpid(String... call) {
    String[] arguments = new String[call.length + 2];
    arguments[0] = "--root";
    arguments[1] = "root";
    System.arraycopy(call, 0, arguments, 2, call.length);
    return Outcome.of(folder, arguments);
  }
}
