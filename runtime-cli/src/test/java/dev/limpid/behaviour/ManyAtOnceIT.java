package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Far more containers than the host has processors for, all started at the same time. */
final class ManyAtOnceIT extends Behaviour {
  private static final int CONTAINERS = Boolean.getBoolean("limpid.thorough") ? 50 : 8;
  private static final int SECONDS = 600;

  private record Started(String id, Process verb, Path output) {}

  private Started run() throws Exception {
    String id = sandbox().id();
    Path bundle = sandbox().bundle().script("echo " + id + " > /name; exec sleep 1000000").write();
    Path output = sandbox().path("output-of-" + id);
    Process verb =
        sandbox()
            .start(
                runtime()
                    .verb("run", "--detach", "--bundle", bundle.toString(), id)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile()));
    return new Started(id, verb, output);
  }

  @Test
  void allComeUpAndAnswer() throws Exception {
    List<Started> all = new ArrayList<>();
    for (int i = 0; i < CONTAINERS; i++) {
      all.add(run());
    }
    for (Started each : all) {
      assertTrue(each.verb().waitFor(SECONDS, TimeUnit.SECONDS), each::id);
      assertEquals(0, each.verb().exitValue(), OciRuntime.text(each.output()));
      assertEquals("", OciRuntime.text(each.output()));
    }
    for (Started each : all) {
      assertEquals("running", runtime().state(each.id()).requiredString("status"));
      assertEquals(
          each.id() + "\n",
          runtime().call("exec", each.id(), "/bin/cat", "/name").succeeded().out());
    }
    for (Started each : all) {
      runtime().call("delete", "--force", each.id()).succeeded();
    }
  }
}
