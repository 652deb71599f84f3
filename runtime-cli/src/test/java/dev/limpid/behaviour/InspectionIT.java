package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What the verbs tell of a running container. */
final class InspectionIT extends SharedContainer {
  @Override
  void describe(TestBundle bundle) {
    bundle.annotation("org.example.key", "a \"value\" \u00e9").script("exec sleep 1000000");
  }

  private long pid() throws Exception {
    return runtime().state(id()).required("pid").asInt64();
  }

  @Test
  void stateAndListAgree() throws Exception {
    JsonObject state = runtime().state(id()).asObject();
    List<JsonCursor> list =
        Json.read(runtime().call("list", "--format", "json").succeeded().out()).elements();
    assertEquals(1, list.size());
    // runc's state leaves its owner out.
    assertEquals(state.without("owner"), list.get(0).asObject().without("owner"));
  }

  @Test
  void anAnnotationMayHoldAnyText() throws Exception {
    assertEquals(
        "a \"value\" \u00e9",
        runtime().state(id()).required("annotations").requiredString("org.example.key"));
  }

  @Test
  void thePidIsThatOfAProcess() throws Exception {
    assertTrue(HostProcesses.isAlive(pid()));
  }

  @Test
  void psIsATableAsTheHostsPsMakesIt() throws Exception {
    String[] table = runtime().call("ps", id()).succeeded().lines();
    assertTrue(table[0].matches("UID +PID +PPID +C +STIME +TTY +TIME +CMD"), table[0]);
    String pid = Long.toString(pid());
    assertTrue(
        List.of(table).stream().anyMatch(line -> line.matches("root +" + pid + " .*")),
        String.join("\n", table));
  }

  @Test
  void psTakesOptionsOfTheHostsPs() throws Exception {
    String[] table = runtime().call("ps", id(), "-o", "pid,nlwp,stat").succeeded().lines();
    assertTrue(table[0].matches(" *PID +NLWP +STAT"), table[0]);
    assertEquals(2, table.length);
    assertTrue(table[1].matches(" *" + pid() + " +1 +\\S+"), table[1]);
  }

  @Test
  void psNeedsAColumnOfPids() throws Exception {
    runtime().call("ps", id(), "-o", "args").exited(1);
  }

  @Test
  void psTellsPidsAsJson() throws Exception {
    String json = runtime().call("ps", "--format", "json", id()).succeeded().out();
    List<JsonCursor> pids = Json.read(json).elements();
    assertEquals(1, pids.size(), json);
    assertEquals(pid(), pids.get(0).asInt64());
  }

  @Test
  void psRefusesOtherFormats() throws Exception {
    runtime().call("ps", "--format", "xml", id()).exited(1);
  }

  @Test
  void statisticsComeOnceIfAskedFor() throws Exception {
    Outcome outcome = runtime().call("events", "--stats", id()).succeeded();
    assertEquals(1, outcome.lines().length, outcome::toString);
    JsonCursor event = Json.read(outcome.out());
    assertEquals("stats", event.requiredString("type"));
    assertEquals(id(), event.requiredString("id"));
    JsonCursor data = event.required("data");
    JsonCursor cpu = data.required("cpu").required("usage");
    assertTrue(cpu.required("total").asInt64() > 0);
    assertTrue(data.required("memory").required("usage").required("usage").asInt64() > 0);
    assertTrue(data.required("pids").required("current").asInt64() >= 1);
  }

  @Test
  void statisticsComeAgainAndAgainOtherwise() throws Exception {
    Process events =
        sandbox()
            .start(
                runtime()
                    .verb("events", "--interval", "100ms", id())
                    .redirectError(sandbox().path("err").toFile()));
    try (var out = events.inputReader()) {
      for (int i = 0; i < 3; i++) {
        assertEquals("stats", Json.read(out.readLine()).requiredString("type"));
      }
    }
    events.destroy();
    assertTrue(events.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void anIntervalIsATime() throws Exception {
    runtime().call("events", "--interval", "soon", id()).exited(1);
  }

  @Test
  void limitsThatAreNoneAreRefused() throws Exception {
    Path file = Files.writeString(sandbox().path("limits"), "{\"memory\": 1}");
    runtime().call("update", "--resources", file.toString(), id()).exited(1);
    runtime().call("update", "--resources", sandbox().path("none").toString(), id()).exited(1);
    runtime().call("update", "--pids-limit", "many", id()).exited(1);
  }

  @Test
  void everyVerbRefusesAContainerThatIsNotThere() throws Exception {
    String none = "none-of-this-name";
    List<List<String>> verbs =
        List.of(
            List.of("ps", none),
            List.of("events", "--stats", none),
            List.of("pause", none),
            List.of("resume", none),
            List.of("update", "--pids-limit", "5", none));
    for (List<String> verb : verbs) {
      Outcome outcome = runtime().call(verb.toArray(new String[0])).exited(1);
      assertTrue(outcome.err().contains("container does not exist"), outcome::toString);
    }
  }

  @Test
  @VmOnly
  void checkpointAndRestoreAreRefusedInOneSentence() throws Exception {
    List<String> refusals = new ArrayList<>();
    refusals.add(runtime().call("checkpoint", id()).exited(1).err());
    refusals.add(runtime().call("restore", "other").exited(1).err());
    for (String refusal : refusals) {
      assertEquals(1, refusal.lines().count(), refusal);
      assertTrue(refusal.contains("not supported"), refusal);
    }
    assertEquals("running", runtime().status(id()));
  }
}
