package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.caller.CallerCommand.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** A Docker daemon of the test's own, one a class, that knows Limpid beside runc. */
abstract class DockerCaller {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  static WorkFolder work;
  private static Map<String, String> environment;
  private static CallerDaemon daemon;
  static CallerCommand docker;

  /** The ids of the containers that all tests of a class use. */
  private static final List<String> SHARED = new ArrayList<>();

  /**
   * Starts a daemon, with the configuration in daemon.json; its files have this before their names.
   */
  static CallerDaemon dockerd(String prefix, String host, CallerCommand command)
      throws IOException, InterruptedException {
    return CallerDaemon.start(
        work.resolve(prefix + "dockerd.log"),
        () -> command.run("version").status() == 0,
        "dockerd",
        "--host",
        host,
        "--data-root",
        work.resolve(prefix + "data").toString(),
        "--exec-root",
        work.resolve(prefix + "exec").toString(),
        "--pidfile",
        work.resolve(prefix + "docker.pid").toString(),
        "--storage-driver",
        "overlay2",
        "--config-file",
        work.resolve("daemon.json").toString());
  }

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    work = new WorkFolder();
    String host = "unix://" + work.resolve("docker.sock");
    environment = Map.of("DOCKER_HOST", host, "DOCKER_CONFIG", work.resolve("config").toString());
    docker = new CallerCommand(List.of("docker"), environment);
    Files.writeString(work.resolve("daemon.json"), EnginesPage.blocks("Docker", "json").get(0));
    daemon = dockerd("", host, docker);
    docker
        .run(
            "import",
            "-c",
            "ENV PATH=/bin",
            "-c",
            "CMD [\"sh\"]",
            TestImages.busybox(work.path()).toString(),
            "busybox")
        .ok();
  }

  @AfterAll
  static void stop() throws IOException, InterruptedException {
    SHARED.clear();
    removeContainers();
    daemon.close();
    assertEquals(
        List.of(), LimpidProcesses.leftOf(work.path()), "left when the daemon has stopped");
    work.close();
  }

  /**
   * Keeps a container until the tests of the class are done.
   *
   * @param id all of it
   */
  static void share(String id) {
    SHARED.add(id);
  }

  @AfterEach
  void nothingIsLeft() throws IOException, InterruptedException {
    removeContainers();
  }

  /** Removes all containers but those that are shared, and makes sure that nothing else is left. */
  private static void removeContainers() throws IOException, InterruptedException {
    for (String id : docker.run("ps", "-aq", "--no-trunc").ok().lines().toList()) {
      if (!SHARED.contains(id)) {
        docker.run("rm", "-f", id);
      }
    }
    assertEquals(List.of(), LimpidProcesses.leftOf(work.resolve("exec/runtime-runc"), SHARED));
    Path states = work.resolve("exec/runtime-runc/moby");
    if (Files.exists(states)) {
      try (var left = Files.list(states)) {
        assertEquals(
            List.of(), left.filter(path -> !SHARED.contains(nameOf(path))).toList(), "states left");
      }
    }
  }

  private static String nameOf(Path path) {
    return path.getFileName().toString();
  }

  /** Where commands find the daemon. */
  static Map<String, String> environment() {
    return environment;
  }

  /** The daemon's process, in whose namespaces the networks are. */
  static long daemonPid() {
    return daemon.pid();
  }

  /** Runs a program of the host's in the daemon's network namespace. */
  static Result beside(String... command) {
    return new CallerCommand(
            List.of("nsenter", "--net", "--target", Long.toString(daemon.pid()), "--"), environment)
        .run(command);
  }

  /** Runs a program in a container. */
  static Result in(String container, String... command) {
    List<String> all = new ArrayList<>(List.of("exec", container));
    all.addAll(List.of(command));
    return docker.run(all.toArray(new String[0]));
  }

  static Result limpid(String... arguments) {
    return limpid(new byte[0], arguments);
  }

  /** Runs a container of the plain runtime. */
  static Result runc(String... arguments) {
    List<String> all = new ArrayList<>(List.of("run", "--runtime", "runc"));
    all.addAll(List.of(arguments));
    return docker.run(all.toArray(new String[0]));
  }

  static Result limpid(byte[] input, String... arguments) {
    List<String> all = new ArrayList<>(List.of("run", "--runtime", "limpid"));
    all.addAll(List.of(arguments));
    return docker.run(input, all.toArray(new String[0]));
  }

  /** Waits until a container has written these lines. */
  static void awaitLog(String id, String expected) throws InterruptedException {
    await(expected, "logs", id);
  }

  /** Waits until a command of Docker prints what is expected. */
  static void await(String expected, String... command) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    String printed = docker.run(command).ok();
    while (!printed.equals(expected)) {
      if (System.nanoTime() > deadline) {
        assertEquals(expected, printed);
      }
      TimeUnit.MILLISECONDS.sleep(50);
      printed = docker.run(command).ok();
    }
  }

  /** Waits until a property of a container is what is expected. */
  static void awaitProperty(String id, String property, String expected)
      throws InterruptedException {
    await(expected, "inspect", "-f", "{{" + property + "}}", id);
  }

  /** Runs a command line of a shell. */
  static Result shell(String commandLine) {
    return new CallerCommand(List.of("sh", "-c"), environment).run(commandLine);
  }

  /** Runs a command line at a terminal, at which somebody types. */
  static Result atTerminal(String typed, String commandLine) {
    return new CallerCommand(List.of("script", "-qec", commandLine, "/dev/null"), environment)
        .run(typed.getBytes(StandardCharsets.UTF_8));
  }
}
