package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What Docker shows of a container's files, and what the container sees of what Docker puts in. */
final class DockerFilesIT extends DockerFilesCaller {
  /** Of the host's mount of the overlay to be brought up to date, on a machine that is busy. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

  @Test
  void everythingThatDockerShowsIsAsWithRunc() throws Exception {
    Map<String, List<String>> expected = looks("runc", Map.of());
    Map<String, List<String>> seen = looks("limpid", expected);
    assertEquals(expected.keySet(), seen.keySet());
    for (String look : expected.keySet()) {
      assertEquals(String.join("\n", expected.get(look)), String.join("\n", seen.get(look)), look);
    }
    assertTrue(expected.get("running: diff").size() > 1400, "something has been changed");
  }

  /**
   * A container's life, and all that is to be seen of its files on the way.
   *
   * @param awaited what is waited for to be seen while the container runs; nothing is if it is
   *     empty
   */
  private static Map<String, List<String>> looks(String runtime, Map<String, List<String>> awaited)
      throws Exception {
    Map<String, List<String>> looks = new LinkedHashMap<>();
    String id = start(runtime);
    // The host's kernel keeps from now on what it has seen.
    looks.put("before: cp", copiedOut(id));
    looks.put("before: diff", differences(id));
    in(id, PythonImage.change().toArray(new String[0])).ok();
    looks.put("running: diff", await(awaited.get("running: diff"), () -> differences(id)));
    looks.put("running: cp", await(awaited.get("running: cp"), () -> copiedOut(id)));
    looks.put("running: inside", inside(id));
    docker.run("cp", work.resolve("files_list.py").toString(), id + ":/t/copied-in").ok();
    docker.run("cp", work.resolve("files_list.py").toString(), id + ":/t/untouched").ok();
    in(id, PythonImage.change("again").toArray(new String[0])).ok();
    docker.run("pause", id).ok();
    // Nothing is waited for here: what has been written is seen.
    looks.put("paused: diff", differences(id));
    docker.run("unpause", id).ok();
    docker.run("restart", "-t", "1", id).ok();
    looks.put("restarted: inside", inside(id));
    in(id, "touch", "/t/last").ok();
    docker.run("kill", id).ok();
    docker.run("wait", id).ok();
    looks.put("stopped: diff", differences(id));
    looks.put("stopped: cp", copiedOut(id));
    looks.put("stopped: export", exported(id));
    docker.run("commit", id, "committed").ok();
    looks.put("committed", insideOf("committed", runtime));
    docker.run("cp", work.resolve("files_list.py").toString(), id + ":/t/while-stopped").ok();
    docker.run("start", id).ok();
    looks.put("started: inside", inside(id));
    docker.run("rm", "-f", id).ok();
    docker.run("rmi", "committed").ok();
    return looks;
  }

  @Test
  void whatIsCopiedInIsSeenInside() throws Exception {
    String id = start("limpid");
    Path file = Files.writeString(work.resolve("from-host"), "from the host\n");
    Path other = Files.writeString(work.resolve("another"), "another\n");
    Path folder = Files.createDirectories(work.resolve("folder/below"));
    Files.writeString(folder.resolve("file"), "in a folder\n");
    List<String> places =
        List.of(
            "/etc/new",
            "/t/untouched",
            "/t/deep/a/b/c/d/e/f/new",
            "/usr/bin/new",
            "/root/own",
            "/root/new");
    in(id, "sh", "-c", "echo mine > /root/own; cat /root/own").ok();
    // Looked up, so that the guest's kernel keeps what was, and was not, there.
    for (String place : places) {
      in(id, "cat", place);
    }
    in(id, "cat", "/t/folder/below/file");
    for (String place : places) {
      docker.run("cp", file.toString(), id + ":" + place).ok();
    }
    docker.run("cp", folder.getParent().toString(), id + ":/t/").ok();
    for (String place : places) {
      awaitInside(id, place, "from the host");
    }
    awaitInside(id, "/t/folder/below/file", "in a folder");
    docker.run("cp", other.toString(), id + ":/t/untouched").ok();
    awaitInside(id, "/t/untouched", "another");
    // The container goes on working where the host has made directories in its layer.
    for (String place : places) {
      Path parent = Path.of(place).getParent();
      in(id, "sh", "-c", "echo own > " + parent + "/own2 && cat " + parent + "/own2").ok();
      in(id, "sh", "-c", "echo more >> " + place).ok();
    }
    assertEquals("127.0.0.1\tlocalhost", in(id, "head", "-n", "1", "/etc/hosts").ok());
    docker.run("cp", id + ":/etc/own2", work.resolve("own2").toString()).ok();
    assertEquals("own\n", Files.readString(work.resolve("own2")));
  }

  /** Where a process works whose directory the container has not changed so far. */
  @Test
  void whatIsCopiedInIsSeenByWhoWorksInTheDirectory() throws Exception {
    String id =
        run(
            "limpid",
            List.of(
                "-d",
                "-w",
                "/t/deep/a",
                "files",
                "sh",
                "-c",
                "until cat there/file 2> /dev/null; do sleep 0.1; done; ls there b/c; touch own;"
                    + " ls"));
    Path folder = Files.createDirectories(work.resolve("there"));
    Files.writeString(folder.resolve("file"), "seen\n");
    docker.run("cp", folder.toString(), id + ":/t/deep/a/").ok();
    assertEquals("0", docker.run("wait", id).ok());
    assertEquals("seen\nb/c:\nd\n\nthere:\nfile\nb\nown\nthere", docker.run("logs", id).ok());
  }

  /** All of it lies on the host when the container is told that it is flushed. */
  @Test
  void whatIsFlushedOutlivesAKilledVm() throws Exception {
    List<String> command = new ArrayList<>(List.of("-d", "-v", "flushed:/v", PythonImage.NAME));
    command.addAll(PythonImage.flush("/data", "/v/data"));
    String id = run("limpid", command);
    Path upper = Path.of(property(id, "GraphDriver.Data.UpperDir"));
    Path volume = Path.of(docker.run("volume", "inspect", "-f", "{{.Mountpoint}}", "flushed").ok());
    Random random = new Random();
    long before = -1;
    for (int round = 0; round < 3; round++) {
      long first = before + 10;
      awaitFlushed(id, first);
      TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
      LimpidProcesses.killHypervisor(property(id, "State.Pid"));
      docker.run("wait", id).ok();
      long last = flushed(id);
      for (long number = 0; number <= last; number++) {
        String text = (number + "\n").repeat((int) (number % 7) * 1000 + 1);
        String name = "data/" + number;
        assertEquals(text, Files.readString(upper.resolve(name)), round + ": " + name);
        assertEquals(text, Files.readString(volume.resolve(name)), round + ": " + name);
      }
      docker.run("start", id).ok();
      awaitFlushed(id, last + 1);
      // It has found all of that, and begun after it.
      String begun = docker.run("logs", id).ok();
      long number = Long.parseLong(begun.replaceAll("(?s).*begin (\\d+).*", "$1"));
      assertTrue(number > last, number + " is not after " + last);
      before = last + 1;
    }
    docker.run("rm", "-f", id).ok();
    docker.run("volume", "rm", "flushed").ok();
  }

  /** The last number that was told; -1: none. */
  private static long flushed(String id) {
    long last = -1;
    for (String line : docker.run("logs", id).ok().lines().toList()) {
      // The last line can be cut off.
      last = line.matches("\\d+") ? Math.max(last, Long.parseLong(line)) : last;
    }
    return last;
  }

  private static void awaitFlushed(String id, long number) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (flushed(id) < number) {
      assertTrue(System.nanoTime() < deadline, "nothing is flushed: " + docker.run("logs", id));
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private static void awaitInside(String id, String place, String expected) throws Exception {
    await(List.of(expected), () -> in(id, "cat", place).text().lines().toList(), place);
  }

  private static String start(String runtime) {
    return run(
        runtime, List.of("-d", "-h", "same", PythonImage.NAME, "sh", "-c", "exec sleep 100000"));
  }

  private static String run(String runtime, List<String> arguments) {
    return (runtime.equals("runc")
            ? runc(arguments.toArray(new String[0]))
            : limpid(arguments.toArray(new String[0])))
        .ok();
  }

  /** What is to be seen. */
  private interface Look {
    List<String> now() throws IOException;
  }

  private static List<String> await(List<String> expected, Look look) throws Exception {
    return expected == null ? look.now() : await(expected, look, "");
  }

  private static List<String> await(List<String> expected, Look look, String what)
      throws Exception {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    List<String> seen = look.now();
    while (!seen.equals(expected)) {
      if (System.nanoTime() > deadline) {
        assertEquals(String.join("\n", expected), String.join("\n", seen), what);
      }
      TimeUnit.MILLISECONDS.sleep(50);
      seen = look.now();
    }
    return seen;
  }
}
