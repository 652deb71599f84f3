package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.caller.CallerCommand.Result;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** containerd with its runc shim, told to use Limpid in runc's place. */
final class ContainerdIT {
  private static final String LIMPID = System.getProperty("limpid.dist") + "/bin/limpid";
  private static final String IMAGE = "localhost/busybox:latest";

  private static final WorkFolder WORK = new WorkFolder();
  private static CallerDaemon daemon;
  private static CallerCommand ctr;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    Path socket = WORK.resolve("containerd.sock");
    Path configuration = WORK.resolve("config.toml");
    Files.writeString(
        configuration,
        "version = 2\nroot = \""
            + WORK.resolve("root")
            + "\"\nstate = \""
            + WORK.resolve("state")
            + "\"\n[grpc]\naddress = \""
            + socket
            + "\"\n");
    // The namespace is part of the path of Limpid's root, which is the same for every containerd.
    String namespace = WORK.path().getFileName().toString();
    ctr =
        new CallerCommand(
            List.of("ctr", "--address", socket.toString(), "--namespace", namespace), Map.of());
    daemon =
        CallerDaemon.start(
            WORK.resolve("containerd.log"),
            () -> ctr.run("version").status() == 0,
            "containerd",
            "--config",
            configuration.toString());
    ctr.run("image", "import", archive().toString()).ok();
  }

  /** containerd has no command to make an image of a tar file; podman has. */
  private static Path archive() throws IOException {
    Path archive = WORK.resolve("busybox-image.tar");
    CallerCommand podman =
        new CallerCommand(
            List.of(
                "podman",
                "--root",
                WORK.resolve("podman").toString(),
                "--runroot",
                WORK.resolve("podman-run").toString(),
                "--storage-driver",
                "vfs"),
            Map.of());
    podman
        .run("import", "-c", "ENV PATH=/bin", TestImages.busybox(WORK.path()).toString(), IMAGE)
        .ok();
    podman.run("save", "-o", archive.toString(), IMAGE).ok();
    return archive;
  }

  @AfterAll
  static void stop() throws IOException, InterruptedException {
    // Of tests that have failed: nothing else ends a task.
    for (String task : ctr.run("task", "list", "--quiet").text().split("\\s+", -1)) {
      ctr.run("task", "delete", "--force", task);
    }
    daemon.close();
    assertEquals(
        List.of(), LimpidProcesses.leftOf(WORK.path()), "left when the daemon has stopped");
    removeControlGroups();
    WORK.close();
  }

  /** ctr puts containers below a group of the namespace's name, which nobody removes. */
  private static void removeControlGroups() throws IOException {
    String namespace = WORK.path().getFileName().toString();
    try (DirectoryStream<Path> hierarchies =
        Files.newDirectoryStream(Path.of("/sys/fs/cgroup"), Files::isDirectory)) {
      for (Path hierarchy : hierarchies) {
        Files.deleteIfExists(hierarchy.resolve(namespace));
      }
    }
    Files.deleteIfExists(Path.of("/sys/fs/cgroup", namespace));
  }

  private static Result limpid(String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of("run", "--runtime", "io.containerd.runc.v2", "--runc-binary", LIMPID));
    all.addAll(List.of(arguments));
    return ctr.run(all.toArray(new String[0]));
  }

  @Test
  void containerRunsAndItsStatusComesOut() {
    Result result = limpid("--rm", IMAGE, "one", "sh", "-c", "uname -r; exit 7");
    assertEquals(7, result.status(), result.toString());
    assertTrue(result.text().endsWith("-limpid"), result.toString());
  }

  @Test
  void taskInTheBackgroundIsListedAndKilled() throws InterruptedException {
    limpid("--detach", IMAGE, "two", "sleep", "1000").ok();
    awaitStatus("RUNNING");
    ctr.run("task", "kill", "--signal", "KILL", "two").ok();
    awaitStatus("STOPPED");
    Result deleted = ctr.run("task", "delete", "two");
    assertTrue(deleted.err().contains("exit code 137"), deleted.toString());
    ctr.run("container", "delete", "two").ok();
  }

  private static void awaitStatus(String status) throws InterruptedException {
    long deadline = System.nanoTime() + 30_000_000_000L;
    String listed = ctr.run("task", "list").ok();
    while (!listed.contains(status)) {
      assertTrue(System.nanoTime() < deadline, listed);
      Thread.sleep(50);
      listed = ctr.run("task", "list").ok();
    }
  }

  @Test
  void missingCommandIsTold() {
    Result result = limpid("--rm", IMAGE, "three", "nonexistent");
    assertEquals(1, result.status());
    assertTrue(result.err().contains("executable file not found in $PATH"), result.toString());
  }
}
