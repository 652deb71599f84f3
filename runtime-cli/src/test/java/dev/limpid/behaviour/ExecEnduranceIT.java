package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Very many processes in one container, twenty at a time: none fails, and neither the shim nor the
 * agent keeps anything of them.
 */
@VmOnly
final class ExecEnduranceIT extends Behaviour {
  private static final int AT_A_TIME = 20;

  /** Through the engine, as many as the project promises; by the verb, what time allows. */
  private static final int CALLS = Integer.getInteger("limpid.execs", 1000);

  private static final int VERBS = Integer.getInteger("limpid.execs.by.verb", 60);

  /** What the allocators of libc may take more or less of, without a leak, in KiB. */
  private static final long SLACK_KIB = 256;

  private static final int PATIENCE_MINUTES = 60;

  private String id;
  private long shim;

  /**
   * A container in the guest's own pid namespace sees the agent, and may look at it if it is as
   * capable.
   */
  @BeforeEach
  void container() throws Exception {
    id = sandbox().id();
    Path bundle =
        sandbox()
            .bundle()
            .withoutNamespaces("pid")
            .capabilities(List.of("bounding", "effective", "permitted"), "CAP_SYS_PTRACE")
            .script("exec sleep 1000000")
            .write();
    runtime().createAndStart(id, bundle);
    shim = runtime().state(id).required("pid").asInt64();
  }

  @Test
  void callsOfTheEngineLeaveNothing() throws Exception {
    endures(CALLS, this::byEngine);
  }

  @Test
  void callsOfTheVerbLeaveNothing() throws Exception {
    endures(VERBS, this::byVerb);
  }

  private interface Calls {
    void make(int count) throws Exception;
  }

  private void endures(int count, Calls calls) throws Exception {
    // Whoever has had twenty at a time has all the buffers that twenty take.
    calls.make(2 * AT_A_TIME);
    Usage shimBefore = shim();
    Usage agentBefore = agent();

    calls.make(count);

    // Whoever calls may be gone an instant before the shim has noticed.
    Await.until(
        "the shim has no more files open than before",
        () -> shim().descriptors() <= shimBefore.descriptors());
    Usage shimAfter = shim();
    Usage agentAfter = agent();
    String figures =
        count
            + " calls: shim "
            + shimBefore
            + " -> "
            + shimAfter
            + ", agent "
            + agentBefore
            + " -> "
            + agentAfter;
    assertEquals(agentBefore.descriptors(), agentAfter.descriptors(), figures);
    assertTrue(shimAfter.residentKib() - shimBefore.residentKib() <= SLACK_KIB, figures);
    assertTrue(agentAfter.residentKib() - agentBefore.residentKib() <= SLACK_KIB, figures);
    assertEquals(
        "[" + shim + "]", runtime().call("ps", "--format", "json", id).succeeded().out().strip());
    assertEquals(List.of(), leftovers());
    System.out.println(figures);
  }

  /** Twenty JVMs, each of which calls the engine again and again. */
  private void byEngine(int count) throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.limpid.behaviour.ExecLoop",
            Path.of(System.getProperty("limpid.dist"), "lib", "limpid").toString(),
            runtime().root().toString(),
            id,
            Integer.toString(count / AT_A_TIME));
    List<Running> running = new ArrayList<>();
    for (int i = 0; i < AT_A_TIME; i++) {
      running.add(start(runtime().program(command)));
    }
    for (Running each : running) {
      each.await(0);
    }
  }

  private void byVerb(int count) throws Exception {
    List<Running> running = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (running.size() == AT_A_TIME) {
        Running oldest = running.remove(0);
        oldest.await(oldest.expected());
      }
      int status = i % 100;
      ProcessBuilder verb = runtime().verb("exec", id, "sh", "-c", "exit " + status);
      running.add(start(verb).expecting(status));
    }
    for (Running each : running) {
      each.await(each.expected());
    }
  }

  private record Running(Process process, Path output, int expected) {
    Running expecting(int status) {
      return new Running(process, output, status);
    }

    void await(int status) throws Exception {
      assertTrue(process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES), "takes too long");
      assertEquals(status, process.exitValue(), () -> OciRuntime.text(output));
      assertEquals("", OciRuntime.text(output));
      Files.delete(output);
    }
  }

  private Running start(ProcessBuilder builder) throws IOException {
    Path output = sandbox().path("output");
    builder
        .redirectInput(Path.of("/dev/null").toFile())
        .redirectErrorStream(true)
        .redirectOutput(output.toFile());
    return new Running(sandbox().start(builder), output, 0);
  }

  /** What a process has of memory and of open files. */
  private record Usage(long residentKib, long descriptors) {}

  private Usage shim() throws IOException {
    Path process = Path.of("/proc", Long.toString(shim));
    long resident = -1;
    for (String line : Files.readAllLines(process.resolve("status"))) {
      if (line.startsWith("VmRSS:")) {
        resident = Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
      return new Usage(resident, descriptors.count());
    }
  }

  private Usage agent() throws Exception {
    String[] lines =
        runtime()
            .call(
                "exec",
                id,
                "sh",
                "-c",
                "pid=$(pidof limpid-agent); set -e;"
                    + " sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$pid/status;"
                    + " ls /proc/$pid/fd | wc -l")
            .succeeded()
            .lines();
    assertEquals(2, lines.length, String.join(" ", lines));
    Usage usage = new Usage(Long.parseLong(lines[0].strip()), Long.parseLong(lines[1].strip()));
    assertTrue(usage.residentKib() > 0 && usage.descriptors() > 3, usage::toString);
    return usage;
  }

  /** Files of calls in the container's directory that have ended. */
  private List<String> leftovers() throws IOException {
    return Sandbox.entries(runtime().root().resolve(id)).stream()
        .filter(name -> name.startsWith("exec-") || name.startsWith("processes/"))
        .toList();
  }
}
