package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Containers in the virtual machine of another one, as in a pod. */
@VmOnly
final class SandboxIT extends Behaviour {
  private static final Map<String, String> FILES =
      Map.of("ipc", "ipc", "uts", "uts", "pid", "pid", "network", "net");

  /** What a process is in: its namespaces by number, its machine, and its name. */
  private static final String LOOK =
      "for n in ipc uts pid net mnt; do readlink /proc/self/ns/$n; done;"
          + "cat /proc/sys/kernel/random/boot_id; hostname";

  private String pod;
  private long pid;

  @BeforeEach
  void startPod() throws Exception {
    pod = sandbox().id();
    runtime()
        .createAndStart(
            pod,
            sandbox()
                .bundle()
                .script("exec sleep 1000000")
                .edit(config -> config.with("hostname", "the-pod"))
                .write());
    pid = runtime().state(pod).required("pid").asInt64();
  }

  /** A bundle that shares these namespaces with the pod. */
  private TestBundle sharing(String... types) throws Exception {
    TestBundle bundle = sandbox().bundle();
    for (String type : types) {
      bundle.joining(type, "/proc/" + pid + "/ns/" + FILES.get(type));
      if (type.equals("uts")) {
        bundle.edit(config -> config.without("hostname"));
      }
    }
    return bundle;
  }

  private Outcome run(TestBundle bundle) throws Exception {
    return runtime().call("run", "--bundle", bundle.write().toString(), sandbox().id());
  }

  private String start(TestBundle bundle) throws Exception {
    String id = sandbox().id();
    runtime().createAndStart(id, bundle.write());
    return id;
  }

  private List<String> look(String id) throws Exception {
    return List.of(runtime().call("exec", id, "sh", "-c", LOOK).succeeded().lines());
  }

  /** Which of the lines of {@link #LOOK} two processes have in common. */
  private static List<Integer> common(List<String> some, List<String> others) {
    List<Integer> common = new ArrayList<>();
    for (int i = 0; i < some.size(); i++) {
      if (some.get(i).equals(others.get(i))) {
        common.add(i);
      }
    }
    return common;
  }

  @Test
  void theNamespacesThatAreNamedAreShared() throws Exception {
    List<String> itself = look(pod);
    String first = start(sharing("ipc", "uts", "network").script("exec sleep 1000000"));
    String second = start(sharing("pid").script("exec sleep 1000000"));

    assertEquals(List.of(0, 1, 3, 5, 6), common(itself, look(first)));
    assertEquals(List.of(2, 5), common(itself, look(second)));
    String processes = runtime().call("exec", second, "ps").succeeded().out();
    assertTrue(processes.contains("sleep 1000000"), processes);
    assertEquals(
        3, runtime().call("list", "-q").succeeded().lines().length, "each is one of its own");
    assertEquals(1, hypervisors().size(), "they are in one virtual machine");
  }

  @Test
  void aNamespaceOfOneThatHasJoinedCanBeSharedToo() throws Exception {
    String first =
        start(
            sharing("ipc")
                .script("exec sleep 1000000")
                .edit(config -> config.with("hostname", "the-first")));
    long itsPid = runtime().state(first).required("pid").asInt64();
    assertNotEquals(pid, itsPid);
    TestBundle bundle = sandbox().bundle().joining("pid", "/proc/" + itsPid + "/ns/pid");

    String second = start(bundle.script("exec sleep 1000000"));

    assertEquals(List.of(2, 5), common(look(first), look(second)));
  }

  @Test
  void anAnnotationIsEnough() throws Exception {
    JsonObject annotations =
        JsonObject.builder()
            .put("io.kubernetes.cri.container-type", "container")
            .put("io.kubernetes.cri.sandbox-id", pod)
            .build();
    String id =
        start(
            sandbox()
                .bundle()
                .edit(config -> config.with("annotations", annotations))
                .script("exec sleep 1000000"));

    assertEquals(List.of(5), common(look(pod), look(id)));
  }

  @Test
  void sharedMemoryIsSharedIfBothNameTheSame() throws Exception {
    Path memory = Files.createDirectory(sandbox().path("memory"));
    sandbox()
        .hostCommand(
            List.of("mount", "-t", "tmpfs", "-o", "size=1m", "shm", memory.toString()),
            List.of("umount", memory.toString()));
    String first = sandbox().id();
    runtime()
        .createAndStart(
            first,
            sandbox()
                .bundle()
                .edit(SandboxIT::withoutSharedMemory)
                .mount("/dev/shm", "bind", memory.toString(), "rbind", "rprivate")
                .script("echo shared > /dev/shm/file; exec sleep 1000000")
                .write());
    long firstPid = runtime().state(first).required("pid").asInt64();

    Outcome outcome =
        run(
            sandbox()
                .bundle()
                .joining("ipc", "/proc/" + firstPid + "/ns/ipc")
                .edit(SandboxIT::withoutSharedMemory)
                .mount("/dev/shm", "bind", memory.toString(), "rbind", "rprivate")
                .script("grep ' /dev/shm ' /proc/mounts; cat /dev/shm/file"));

    assertEquals("shared", outcome.succeeded().lines()[1], outcome::toString);
    assertTrue(outcome.lines()[0].contains("nosuid,nodev,noexec"), outcome::toString);
    assertTrue(outcome.lines()[0].contains("size=1024k"), outcome::toString);
  }

  private static JsonObject withoutSharedMemory(JsonObject config) {
    return config.with(
        "mounts",
        new dev.limpid.oci.json.JsonArray(
            ((dev.limpid.oci.json.JsonArray) config.get("mounts").orElseThrow())
                .elements().stream()
                    .filter(mount -> !mount.toString().contains("/dev/shm"))
                    .toList()));
  }

  @Test
  void itsFilesAreTheHosts() throws Exception {
    Path volume = Files.createDirectory(sandbox().path("volume"));
    Files.writeString(volume.resolve("in"), "from the host");
    TestBundle bundle =
        sharing("ipc")
            .mount("/mnt", "bind", volume.toString(), "rbind")
            .mount("/tmp", "bind", volume.toString(), "rbind", "ro")
            .script("cat /mnt/in; echo out > /mnt/out; echo root > /file; touch /tmp/x");

    Outcome outcome = run(bundle);

    assertTrue(outcome.err().contains("Read-only file system"), outcome::toString);
    assertEquals("from the host", outcome.out());
    assertEquals("out\n", Files.readString(volume.resolve("out")));
    assertEquals("root\n", Files.readString(bundle.rootfs().resolve("file")));
  }

  @Test
  void itIsARuntimesContainerLikeAnyOther() throws Exception {
    String id = sandbox().id();
    Path output =
        runtime()
            .create(
                id,
                sharing("ipc", "uts", "pid", "network")
                    .script("trap 'echo got; exit 3' TERM", "while :; do echo; sleep 0.05; done")
                    .write());
    assertEquals("created", runtime().status(id));
    runtime().call("start", id).succeeded();
    Await.until("it runs", () -> Files.size(output) > 0);
    runtime().refuses("cannot start an already running container", "start", id);
    assertEquals("[" + shim(id) + "]", runtime().call("ps", "-f", "json", id).out().strip());
    assertEquals(7, runtime().call("exec", id, "sh", "-c", "exit 7").status());

    runtime().call("pause", id).succeeded();
    assertEquals("paused", runtime().status(id));
    assertEquals("running", runtime().status(pod));
    runtime().call("exec", pod, "true").succeeded();
    runtime().call("resume", id).succeeded();

    runtime().call("update", "--pids-limit", "50", id).succeeded();
    String stats = runtime().call("events", "--stats", id).succeeded().out();
    assertTrue(stats.contains("\"limit\":50"), stats);

    runtime().call("kill", id, "TERM").succeeded();
    runtime().awaitStatus(id, "stopped");
    runtime().refuses("container not running", "kill", id, "TERM");
    assertTrue(OciRuntime.text(output).endsWith("got\n"), () -> OciRuntime.text(output));
    assertEquals("running", runtime().status(pod));
    runtime().call("delete", id).succeeded();
  }

  @Test
  void aPausedOneIsLeftToItsVerbs() throws Exception {
    String first = start(sharing("ipc").script("exec sleep 1000000"));
    String second = start(sharing("pid").script("exec sleep 1000000"));
    for (String id : List.of(first, second)) {
      runtime().call("pause", id).succeeded();
    }
    runtime().call("update", "--pids-limit", "50", first).succeeded();
    assertEquals("paused", runtime().status(first));
    runtime().call("kill", first, "KILL").succeeded();
    runtime().awaitStatus(first, "stopped");
    runtime().call("delete", first).succeeded();
    runtime().call("delete", "--force", second).succeeded();
    runtime().call("exec", pod, "true").succeeded();
  }

  @Test
  void anotherOneCanBeKilledAndDeletedWhileTheFirstIsPaused() throws Exception {
    String id = start(sharing("ipc").script("exec sleep 1000000"));
    runtime().call("pause", pod).succeeded();
    runtime().call("delete", "--force", id).succeeded();
    assertEquals(List.of(), sandboxFiles());
    assertEquals("paused", runtime().status(pod));
  }

  private long shim(String id) throws Exception {
    return runtime().state(id).required("pid").asInt64();
  }

  @Test
  void itsExitStatusIsItsOwn() throws Exception {
    run(sharing("pid").script("exit 7")).exited(7);
    run(sharing("pid").script("kill -KILL $$")).exited(137);
    assertEquals("running", runtime().status(pod));
  }

  @Test
  void manyCanComeAndGo() throws Exception {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      ids.add(start(sharing("ipc").script("exec sleep 1000000")));
    }
    runtime().call("delete", "--force", ids.get(1)).succeeded();
    ids.set(1, start(sharing("uts").script("exec sleep 1000000")));
    for (String id : ids) {
      runtime().call("exec", id, "true").succeeded();
    }
    runtime().refuses("that is not stopped: running", "delete", ids.get(0));
    for (String id : ids) {
      runtime().call("delete", "--force", id).succeeded();
    }
    assertEquals(List.of(), sandboxFiles());
    runtime().call("exec", pod, "true").succeeded();
  }

  /** What the pod's directory holds because of others. */
  private List<String> sandboxFiles() throws Exception {
    return Sandbox.entries(runtime().root().resolve(pod).resolve("joined"));
  }

  @Test
  void whatFailsLeavesNothing() throws Exception {
    for (int i = 0; i < 4; i++) {
      TestBundle bundle = sharing("ipc");
      Outcome outcome = run(i % 2 == 0 ? bundle.args("nowhere") : bundle.args("/mnt"));
      assertEquals(1, outcome.status(), outcome::toString);
      assertFalse(outcome.err().contains("warning"), outcome::toString);
      assertEquals(List.of(), sandboxFiles());
      assertEquals(1, runtime().call("list", "-q").succeeded().lines().length);
      Await.until(
          "nothing of it runs",
          () ->
              sandbox().processes().stream()
                  .noneMatch(
                      line ->
                          line.contains(bundle.directory().toString()) || line.contains(" join ")));
    }
    run(sharing("ipc").script("true")).succeeded();
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 400, 600, 800, 1100, 1500})
  void aKilledCreateLeavesNothingThatDeleteDoesNotRemove(int milliseconds) throws Exception {
    String id = sandbox().id();
    Process create =
        sandbox()
            .start(
                runtime()
                    .verb(
                        "create",
                        "--bundle",
                        sharing("ipc").script("exec sleep 1000000").write().toString(),
                        id)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD));
    create.waitFor(milliseconds, java.util.concurrent.TimeUnit.MILLISECONDS);
    // It may have come to its end: that is one of the points of time too.
    create.destroyForcibly().waitFor();
    runtime().call("delete", "--force", id).succeeded();
    assertEquals(List.of(), sandboxFiles());
    run(sharing("ipc").script("true")).succeeded();
  }

  @Test
  void theEndOfTheFirstIsThatOfAll() throws Exception {
    String first = start(sharing("ipc").script("exec sleep 1000000"));
    String second = sandbox().id();
    Path bundle = sharing("pid").script("trap '' TERM; while :; do sleep 1; done").write();
    Process run =
        sandbox()
            .start(
                runtime()
                    .verb("run", "--bundle", bundle.toString(), second)
                    .redirectInput(Path.of("/dev/null").toFile()));
    runtime().awaitStatus(first, "running");
    Await.until("both are there", () -> runtime().call("list", "-q").lines().length == 3);
    runtime().awaitStatus(second, "running");

    runtime().call("kill", pod, "KILL").succeeded();

    assertTrue(run.waitFor(Await.PATIENCE_SECONDS, java.util.concurrent.TimeUnit.SECONDS));
    assertEquals(137, run.exitValue());
    runtime().awaitStatus(first, "stopped");
    runtime().awaitStatus(pod, "stopped");
    runtime().call("delete", pod).succeeded();
    runtime().call("delete", first).succeeded();
    sandbox().assertNothingIsLeft();
  }

  @Test
  void theFirstCanBeDeletedByForce() throws Exception {
    String first = start(sharing("ipc", "pid").script("exec sleep 1000000"));
    runtime().call("delete", "--force", pod).succeeded();
    runtime().awaitStatus(first, "stopped");
    runtime().refuses("container not running", "kill", first, "KILL");
    runtime().call("delete", first).succeeded();
    sandbox().assertNothingIsLeft();
  }

  @Test
  void allEndWithTheHypervisor() throws Exception {
    String first = start(sharing("ipc").script("exec sleep 1000000"));
    HostProcesses.kill(hypervisors().get(0));
    runtime().awaitStatus(first, "stopped");
    runtime().call("delete", first).succeeded();
    runtime().call("delete", pod).succeeded();
    sandbox().assertNothingIsLeft();
  }

  private List<ProcessHandle> hypervisors() {
    return HostProcesses.hypervisors(pid);
  }

  @Test
  void theOthersOutliveAShimThatIsKilled() throws Exception {
    String first = start(sharing("ipc").script("exec sleep 1000000"));
    String second = start(sharing("ipc").script("exec sleep 1000000"));
    HostProcesses.kill(HostProcesses.of(shim(first)));
    runtime().awaitStatus(first, "stopped");
    Outcome deleted = runtime().call("delete", first).succeeded();
    assertEquals("", deleted.err());
    runtime().call("exec", second, "true").succeeded();
    runtime().call("exec", pod, "true").succeeded();
    run(sharing("ipc").script("true")).succeeded();
  }

  @Test
  void whatIsNotThereIsRefused() throws Exception {
    runtime()
        .refuses(
            "].path: can't be joined",
            "create",
            "--bundle",
            sandbox().bundle().joining("ipc", "/proc/1/ns/ipc").write().toString(),
            sandbox().id());
    runtime().call("kill", pod, "KILL").succeeded();
    runtime().awaitStatus(pod, "stopped");
    JsonObject annotations =
        JsonObject.builder()
            .put("io.kubernetes.cri.container-type", "container")
            .put("io.kubernetes.cri.sandbox-id", pod)
            .build();
    runtime()
        .refuses(
            "cannot join the virtual machine of container " + pod + ", which is stopped",
            "create",
            "--bundle",
            sandbox()
                .bundle()
                .edit(config -> config.with("annotations", annotations))
                .write()
                .toString(),
            sandbox().id());
  }
}
