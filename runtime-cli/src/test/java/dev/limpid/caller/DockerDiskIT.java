package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.variant.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What Docker shows of a container that writes to a disk, once it is paused or has ended. */
final class DockerDiskIT extends DockerFilesCaller {
  private static final String RUNTIME = "limpid-disk";

  /** Ends when it is asked to. */
  private static final String SCRIPT = "trap 'exit 0' TERM; sleep 100000 & wait";

  /** For Docker to wait until all has been brought back, and not to end the shim before. */
  private static final String PATIENCE = "120";

  /** The daemon reads its configuration again, as the page about engines says. */
  @BeforeAll
  static void runtime() throws IOException, InterruptedException {
    Path configuration =
        Files.writeString(
            work.resolve("disk.json"), Variant.of(EnginesPage.blocks("Docker", "json").get(1)));
    String runtimes = EnginesPage.blocks("Docker", "json").get(2);
    Files.writeString(
        work.resolve("daemon.json"),
        runtimes.replace("/etc/limpid/disk.json", configuration.toString()));
    new CallerCommand(List.of("kill", "-HUP"), Map.of()).run(Long.toString(daemonPid())).ok();
    await(
        "/usr/bin/env",
        "info",
        "--format",
        "{{with index .Runtimes \"" + RUNTIME + "\"}}{{.Path}}{{end}}");
  }

  @Test
  void everythingThatDockerShowsIsAsWithRunc() throws Exception {
    Map<String, List<String>> expected = looks("runc");
    Map<String, List<String>> seen = looks(RUNTIME);
    assertEquals(expected.keySet(), seen.keySet());
    for (String look : expected.keySet()) {
      assertEquals(String.join("\n", expected.get(look)), String.join("\n", seen.get(look)), look);
    }
    assertTrue(expected.get("paused: diff").size() > 1400, "something has been changed");
  }

  /** A container's life, and all that is to be seen of its files on the way. */
  private static Map<String, List<String>> looks(String runtime) throws Exception {
    Map<String, List<String>> looks = new LinkedHashMap<>();
    String id = start(runtime);
    looks.put("before: cp", copiedOut(id));
    change(id);
    docker.run("pause", id).ok();
    looks.put("paused: diff", differences(id));
    looks.put("paused: cp", copiedOut(id));
    docker.run("unpause", id).ok();
    looks.put("running: inside", inside(id));
    change(id, "again");
    docker.run("commit", id, "paused").ok();
    looks.put("committed while it ran", insideOf("paused", "runc"));
    docker.run("restart", "-t", PATIENCE, id).ok();
    looks.put("restarted: inside", inside(id));
    in(id, "touch", "/t/last").ok();
    stop(id);
    looks.put("stopped: diff", differences(id));
    looks.put("stopped: cp", copiedOut(id));
    looks.put("stopped: export", exported(id));
    docker.run("commit", id, "stopped").ok();
    looks.put("committed when it had ended", insideOf("stopped", "runc"));
    docker.run("cp", work.resolve("files_list.py").toString(), id + ":/t/while-stopped").ok();
    docker.run("start", id).ok();
    looks.put("started: inside", inside(id));
    stop(id);
    looks.put("stopped again: cp", copiedOut(id));
    docker.run("rm", id).ok();
    docker.run("rmi", "paused", "stopped").ok();
    return looks;
  }

  /** Whether Docker waits until all has been brought back, or ends the shim before. */
  @Test
  void whatAKilledContainerHadIsThereWhenItIsStarted() throws Exception {
    String id = start(RUNTIME);
    change(id);
    List<String> expected = inside(id);
    docker.run("kill", "-s", "KILL", id).ok();
    docker.run("wait", id).ok();
    docker.run("start", id).ok();
    assertEquals(String.join("\n", expected), String.join("\n", inside(id)), "after kill");

    in(id, "sh", "-c", "echo flushed > /t/flushed; sync").ok();
    LimpidProcesses.killHypervisor(property(id, "State.Pid"));
    docker.run("wait", id).ok();
    assertTrue(left(id).toString().contains(".limpid-disk-diff"), left(id).toString());
    docker.run("start", id).ok();
    assertEquals("flushed", in(id, "cat", "/t/flushed").ok());
    stop(id);
    assertTrue(copiedOut(id).toString().contains("t/flushed"), "after the end");
  }

  @Test
  void aRemovedContainerLeavesNothing() throws Exception {
    String id = start(RUNTIME);
    change(id);
    Path folder = folder(id);
    assertEquals(List.of(".limpid-back-diff", ".limpid-disk-diff", ".limpid-owner-diff"), left(id));
    docker.run("rm", "-f", id).ok();
    assertFalse(Files.exists(folder), folder.toString());
  }

  private static String start(String runtime) {
    return docker
        .run("run", "--runtime", runtime, "-d", "-h", "same", PythonImage.NAME, "sh", "-c", SCRIPT)
        .ok();
  }

  private static void change(String id, String... how) {
    in(id, PythonImage.change(how).toArray(new String[0])).ok();
  }

  /** Nothing but what is the engine's is beside the upper directory from then on. */
  private static void stop(String id) throws IOException {
    docker.run("stop", "-t", PATIENCE, id).ok();
    assertEquals("0", property(id, "State.ExitCode"));
    assertEquals(List.of(), left(id));
  }

  private static Path folder(String id) {
    return Path.of(property(id, "GraphDriver.Data.UpperDir")).getParent();
  }

  /** What Limpid has beside the upper directory. */
  private static List<String> left(String id) throws IOException {
    try (var beside = Files.list(folder(id))) {
      return beside
          .map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith(".limpid"))
          .sorted()
          .toList();
    }
  }
}
