package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The processes that a virtual machine consists of die together, whichever of them is first. */
@VmOnly
final class DeathsIT extends Behaviour {
  private long running(String id) throws Exception {
    runtime().createAndStart(id, script("exec sleep 1000000"));
    return runtime().state(id).required("pid").asInt64();
  }

  @Test
  void allDieWithTheShim() throws Exception {
    String id = sandbox().id();
    long shim = running(id);
    List<ProcessHandle> family = HostProcesses.family(shim);
    assertTrue(family.size() >= 3, family::toString);
    HostProcesses.kill(family.get(0));
    Await.until("all have died", 5, () -> family.stream().noneMatch(ProcessHandle::isAlive));
    assertEquals("stopped", runtime().status(id));
    runtime().refuses("container not running", "kill", id, "KILL");
    runtime().call("delete", id).succeeded();
    sandbox().assertNothingIsLeft();
  }

  @ParameterizedTest
  @ValueSource(strings = {"QEMU", "virtiofsd"})
  void theShimFailsWhenAnotherDies(String name) throws Exception {
    String id = sandbox().id();
    Path err = sandbox().path("err");
    Process run =
        sandbox()
            .start(
                runtime()
                    .verb(
                        "run", "--bundle", script("echo ready; exec sleep 1000000").toString(), id)
                    .redirectError(err.toFile()));
    try (var out = run.inputReader()) {
      assertEquals("ready", out.readLine());
      long shim = runtime().state(id).required("pid").asInt64();
      List<ProcessHandle> found =
          name.equals("QEMU") ? HostProcesses.hypervisors(shim) : HostProcesses.running(shim, name);
      HostProcesses.kill(found.get(0));
    }
    assertTrue(run.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(1, run.exitValue());
    String said = OciRuntime.text(err);
    assertTrue(said.contains("the virtual machine has died"), said);
    assertTrue(said.contains(name), said);
    sandbox().assertNothingIsLeft();
  }

  @Test
  void aContainerWhoseMachineHasDiedIsStopped() throws Exception {
    String id = sandbox().id();
    runtime().create(id, script("exec sleep 1000000"));
    long shim = runtime().state(id).required("pid").asInt64();
    List<ProcessHandle> family = HostProcesses.family(shim);
    HostProcesses.kill(HostProcesses.hypervisors(shim).get(0));
    Await.until("all have died", () -> family.stream().noneMatch(ProcessHandle::isAlive));
    assertEquals("stopped", runtime().status(id));
    runtime().refuses("cannot start a container that has stopped", "start", id);
    runtime().call("delete", id).succeeded();
    sandbox().assertNothingIsLeft();
  }

  @Test
  void aFrozenMachineCanBeKilledAndDeleted() throws Exception {
    String id = sandbox().id();
    long shim = running(id);
    for (ProcessHandle hypervisor : HostProcesses.hypervisors(shim)) {
      runtime()
          .toEnd(new ProcessBuilder("kill", "-STOP", Long.toString(hypervisor.pid())))
          .succeeded();
    }
    assertEquals("running", runtime().status(id));
    runtime().call("delete", "--force", id).succeeded();
    sandbox().assertNothingIsLeft();
  }

  @ParameterizedTest
  @ValueSource(ints = {50, 100, 150, 200, 300, 400, 550, 800})
  void aKilledCreateLeavesNothingThatDeleteDoesNotRemove(int milliseconds) throws Exception {
    String id = sandbox().id();
    Process create =
        sandbox()
            .start(
                runtime()
                    .verb("create", "--bundle", script("true").toString(), id)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD));
    // The point of time is what is tested: where create is by then does not matter.
    create.waitFor(milliseconds, TimeUnit.MILLISECONDS);
    create.destroyForcibly().waitFor();
    runtime().call("delete", "--force", id).succeeded();
    sandbox().assertNothingIsLeft();
    runtime().call("run", "--bundle", script("true").toString(), id).succeeded();
  }

  @ParameterizedTest
  @CsvSource({"TERM", "INT"})
  void aSignalDuringCreateEndsIt(String name) throws Exception {
    String id = sandbox().id();
    Process create =
        sandbox()
            .start(
                runtime()
                    .verb("create", "--bundle", script("true").toString(), id)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD));
    Await.until(
        "there is a shim",
        () ->
            !sandbox().processes().isEmpty() && create.toHandle().children().findAny().isPresent());
    runtime()
        .toEnd(new ProcessBuilder("kill", "-" + name, Long.toString(create.pid())))
        .succeeded();
    assertTrue(create.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertFalse(create.exitValue() == 0);
    runtime().call("delete", "--force", id).succeeded();
    sandbox().assertNothingIsLeft();
  }
}
