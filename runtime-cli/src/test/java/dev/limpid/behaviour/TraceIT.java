package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonCursor;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The steps of a verb and their times, in the file of --trace. */
@VmOnly
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TraceIT extends Behaviour {
  /** A step, in microseconds since 1970. */
  private record Step(String process, String name, long begin, long end) {
    static Step of(String process, JsonCursor event) {
      long begin = event.required("ts").asInt64();
      return new Step(
          process, event.requiredString("name"), begin, begin + event.required("dur").asInt64());
    }

    boolean holds(Step other) {
      return begin <= other.begin && other.end <= end;
    }

    long micros() {
      return end - begin;
    }
  }

  private JsonCursor read() throws Exception {
    return Json.read(Files.readString(trace()));
  }

  private Path trace() {
    return sandbox().directory().resolve("trace.json");
  }

  private static List<JsonCursor> events(JsonCursor document, String phase) {
    return document.required("traceEvents").elements().stream()
        .filter(event -> event.requiredString("ph").equals(phase))
        .toList();
  }

  /** The steps of all processes of a name. */
  private static List<Step> steps(JsonCursor document, String process) {
    List<Step> steps = new ArrayList<>();
    for (JsonCursor meta : events(document, "M")) {
      if (meta.requiredString("name").equals("process_name")
          && meta.required("args").requiredString("name").equals(process)) {
        for (JsonCursor event : events(document, "X")) {
          if (event.required("pid").asInt64() == meta.required("pid").asInt64()) {
            steps.add(Step.of(process, event));
          }
        }
      }
    }
    return steps;
  }

  /** The names of steps in their order, indented by how many others each lies in. */
  private static String tree(List<Step> steps) {
    StringBuilder tree = new StringBuilder();
    Deque<Step> around = new ArrayDeque<>();
    long last = 0;
    for (Step step : steps) {
      assertTrue(step.begin() >= last && step.micros() >= 0, step::toString);
      last = step.begin();
      while (!around.isEmpty() && around.peek().end() <= step.begin()) {
        around.pop();
      }
      if (!around.isEmpty()) {
        assertTrue(around.peek().holds(step), () -> step + " overlaps " + around.peek());
      }
      tree.append("  ".repeat(around.size())).append(step.name()).append('\n');
      around.push(step);
    }
    return tree.toString();
  }

  /** How much of the first step is told by those that lie in it alone. */
  private static double coverage(List<Step> steps) {
    Step whole = steps.get(0);
    long told = 0;
    long until = 0;
    for (Step step : steps.subList(1, steps.size())) {
      if (step.begin() >= until) {
        told += step.micros();
        until = step.end();
      }
    }
    return (double) told / whole.micros();
  }

  private TestBundle withHooks() throws Exception {
    String hook = "[{\"path\": \"/bin/true\"}]";
    return sandbox()
        .bundle()
        .edit(
            c ->
                c.with(
                    "hooks",
                    Json.object(
                        "{\"createRuntime\": "
                            + hook
                            + ", \"poststart\": "
                            + hook
                            + ", \"poststop\": "
                            + hook
                            + "}")));
  }

  private void configure(String template) throws Exception {
    JsonObject configuration =
        Json.object(Files.readString(runtime().configuration()))
            .with("template", new JsonString(template))
            .with("templates", new JsonString(sandbox().path("templates").toString()));
    Files.writeString(runtime().configuration(), JsonWriter.compact().write(configuration));
    runtime().call("template", "build").succeeded();
  }

  /** What a tree is of a VM that is a clone, by what it is of one that is booted. */
  private static String ofClone(String tree) {
    return tree.replace("boot and mounts", "mounts")
        .replace("    guest\n", "    restore\n    guest\n");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRunIsToldFromTheStartOfTheJvmToTheLastHook(boolean clone) throws Exception {
    configure(clone ? "auto" : "never");
    UnaryOperator<String> kind = clone ? TraceIT::ofClone : UnaryOperator.identity();
    Files.writeString(trace(), "of before");
    String bundle = withHooks().script("exit 7").write().toString();
    long before = System.currentTimeMillis() * 1000;
    runtime().call("--trace", trace().toString(), "run", "-b", bundle, sandbox().id()).exited(7);
    long after = (System.currentTimeMillis() + 1) * 1000;

    JsonCursor document = read();
    List<Step> verb = steps(document, "limpid");
    String expected =
        """
        limpid run
          start of the JVM
          command line
          trace file
          create
            configuration
            bundle
            root filesystem
            control group
            root filesystem
            control group
            template
            start of the shim
            start of the hypervisor
            guest
              hooks
              network
              boot and mounts
              network in the guest
              crun create
            control group
          start
            network
            start of the program
            hooks
          workload
          delete
            processes
            network
            root filesystem
            control group
            hooks
        """;
    assertEquals(kind.apply(expected), tree(verb));
    List<Step> machine = steps(document, "virtual machine");
    assertEquals(
        kind.apply("boot and mounts\ncrun create\nstart of the program\nworkload\n"),
        tree(machine));
    for (Step step : machine) {
      assertTrue(verb.get(0).holds(step), step::toString);
    }
    assertTrue(coverage(verb) > 0.7, () -> coverage(verb) + " of " + verb);
    // The kernel tells when a process was started to a hundredth of a second.
    assertTrue(verb.get(0).begin() >= before - 20_000, () -> before + " " + verb.get(0));
    assertTrue(verb.get(0).end() <= after, () -> after + " " + verb.get(0));
    JsonCursor outcome = events(document, "X").get(0).required("args");
    assertEquals(Json.object("{\"status\": 7}"), outcome.asObject());
    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(trace())));
    sandbox().assertNothingIsLeft();
  }

  @Test
  void aCreateThatFailsIsToldUpToThere() throws Exception {
    configure("never");
    String bundle = sandbox().bundle().args("no-such-program").write().toString();
    runtime().call("--trace", trace().toString(), "create", "-b", bundle, sandbox().id()).exited(1);

    JsonCursor document = read();
    assertEquals(
        """
        limpid create
          start of the JVM
          command line
          trace file
          create
            configuration
            bundle
            root filesystem
            control group
            root filesystem
            control group
            template
            start of the shim
            start of the hypervisor
            guest
              network
              boot and mounts
              network in the guest
              crun create
            undo
        """,
        tree(steps(document, "limpid")));
    assertEquals("boot and mounts\ncrun create\n", tree(steps(document, "virtual machine")));
    JsonCursor outcome = events(document, "X").get(0).required("args");
    assertEquals(1, outcome.required("status").asInt64());
    assertTrue(
        outcome.requiredString("failure").contains("executable file not found in $PATH"),
        outcome::toString);
    sandbox().assertNothingIsLeft();
  }

  @Test
  void anExecIsTold() throws Exception {
    String id = sandbox().id();
    Path bundle = script("exec sleep 1000000");
    runtime().call("run", "--detach", "--bundle", bundle.toString(), id).succeeded();
    runtime().call("--trace", trace().toString(), "exec", id, "sh", "-c", "exit 5").exited(5);

    JsonCursor document = read();
    assertEquals(
        """
        limpid exec
          start of the JVM
          command line
          trace file
          configuration
          start
            start of the shim
            crun exec
          workload
        """,
        tree(steps(document, "limpid")));
    assertEquals("crun exec\nworkload\n", tree(steps(document, "virtual machine")));
    runtime().call("delete", "--force", id).succeeded();
  }

  @Test
  void withoutAPlaceForItNothingIsStarted() throws Exception {
    Path pidFile = sandbox().path("pid");
    Path nowhere = sandbox().path("none").resolve("trace.json");
    Outcome outcome =
        runtime()
            .call(
                "--trace",
                nowhere.toString(),
                "run",
                "--bundle",
                script("echo out").toString(),
                "--pid-file",
                pidFile.toString(),
                sandbox().id())
            .exited(1);

    assertEquals("", outcome.out());
    assertEquals(
        "limpid: --trace: " + nowhere + ": cannot be written: no such folder\n", outcome.err());
    assertTrue(Files.notExists(pidFile));
    sandbox().assertNothingIsLeft();
  }
}
