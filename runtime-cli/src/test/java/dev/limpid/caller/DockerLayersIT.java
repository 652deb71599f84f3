package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Images of layers that several need at once, and of many layers, as Docker has them. */
final class DockerLayersIT extends DockerCaller {
  @Test
  void twoDaemonsMayNeedTheSameLayersAtOnce() throws Exception {
    String host = "unix://" + work.resolve("second.sock");
    CallerCommand second =
        new CallerCommand(
            List.of("docker"),
            Map.of("DOCKER_HOST", host, "DOCKER_CONFIG", work.resolve("config").toString()));
    try (CallerDaemon daemon = dockerd("second-", host, second)) {
      assertTrue(daemon.pid() > 0);
      Path tar = work.resolve("busybox.tar");
      second.run("import", "-c", "ENV PATH=/bin", tar.toString(), "busybox").ok();
      Callable<String> first = () -> limpid("--rm", "busybox", "md5sum", "/bin/busybox").ok();
      Callable<String> other =
          () ->
              second
                  .run("run", "--rm", "--runtime", "limpid", "busybox", "md5sum", "/bin/busybox")
                  .ok();
      ExecutorService threads = Executors.newFixedThreadPool(4);
      try {
        String expected = new CallerCommand(List.of("md5sum"), Map.of()).run("/bin/busybox").ok();
        for (Future<String> each : threads.invokeAll(List.of(first, other, first, other))) {
          assertEquals(expected, each.get());
        }
      } finally {
        threads.shutdownNow();
      }
      assertEquals("", second.run("ps", "-aq").ok());
    }
    assertSound();
  }

  @Test
  void anImageOfAHundredLayersIsWhatItIsInRunc() throws IOException {
    // Docker takes half a minute to build it.
    assumeTrue(Boolean.getBoolean("limpid.thorough"), "only with -Dlimpid.thorough=true");
    Path context = Files.createDirectory(work.resolve("hundred"));
    List<String> lines = new ArrayList<>(List.of("FROM busybox"));
    for (int i = 0; i < 99; i++) {
      Files.writeString(context.resolve("file-" + i), "of " + i + "\n");
      lines.add("COPY file-" + i + " /many/file-" + i);
    }
    Files.write(context.resolve("Dockerfile"), lines);
    docker.run("build", "-q", "-t", "hundred", context.toString()).ok();
    String script = "cd /many && for i in *; do stat -c '%n %a %Y' $i; cat $i; done";
    String expected = runc("--rm", "hundred", "sh", "-c", script).ok();

    assertEquals(expected, limpid("--rm", "hundred", "sh", "-c", script).ok());
    assertEquals(198, expected.lines().count());
    assertSound();
  }

  private static void assertSound() {
    if (TestedRuntime.isLimpid()) {
      String said =
          new CallerCommand(List.of(TestedRuntime.executable()), Map.of())
              .run("layers", "verify")
              .text();
      for (String line : said.split("\n", -1)) {
        // The store is the host's, where images may be that an earlier version has made.
        assertTrue(
            line.contains(": the record of what was made is missing")
                || line.equals("all are sound")
                || line.matches("\\d+ damaged"),
            line);
      }
    }
  }
}
