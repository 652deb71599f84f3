package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Halted containers. */
final class PauseIT extends Behaviour {
  private String id;
  private Path output;

  @BeforeEach
  void container() throws Exception {
    id = sandbox().id();
    output =
        runtime()
            .createAndStart(
                id,
                script("trap 'echo got; exit 3' TERM", "while :; do echo tick; sleep 0.05; done"));
    Await.until("it runs", () -> Files.size(output) > 0);
  }

  @Test
  void aPausedContainerDoesNothingUntilItIsResumed() throws Exception {
    runtime().call("pause", id).succeeded();
    assertEquals("paused", runtime().status(id));
    // What was on its way when it was halted has arrived when two looks see the same.
    long[] size = {-1};
    Await.until(
        "no more comes",
        () -> {
          long before = size[0];
          Thread.sleep(500);
          size[0] = Files.size(output);
          return size[0] == before;
        });
    runtime().call("resume", id).succeeded();
    assertEquals("running", runtime().status(id));
    Await.until("more comes", () -> Files.size(output) > size[0]);
  }

  @Test
  void itCanBeKilledWhilePaused() throws Exception {
    runtime().call("pause", id).succeeded();
    runtime().call("kill", id, "KILL").succeeded();
    runtime().awaitStatus(id, "stopped");
    runtime().call("delete", id).succeeded();
  }

  @Test
  void itCanBeDeletedByForceWhilePaused() throws Exception {
    runtime().call("pause", id).succeeded();
    runtime().refuses("that is not stopped: paused", "delete", id);
    runtime().call("delete", "--force", id).succeeded();
  }

  @Test
  void itIsNotStartedWhilePaused() throws Exception {
    String created = sandbox().id();
    runtime().call("create", "--bundle", script("echo runs").toString(), created).succeeded();
    runtime().call("pause", created).succeeded();
    runtime().refuses("cannot start a container in the paused state", "start", created);
    runtime().call("resume", created).succeeded();
    runtime().call("start", created).succeeded();
    runtime().awaitStatus(created, "stopped");
  }

  @Test
  void onlyWhatIsPausedIsResumed() throws Exception {
    runtime().refuses("container not paused", "resume", id);
    runtime().refuses("does not exist", "pause", "none-of-this-name");
    runtime().call("kill", id, "KILL").succeeded();
    runtime().awaitStatus(id, "stopped");
    runtime().refuses("container not running", "pause", id);
  }
}
