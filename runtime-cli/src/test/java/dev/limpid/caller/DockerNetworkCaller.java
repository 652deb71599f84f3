package dev.limpid.caller;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.caller.CallerCommand.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A Docker daemon with a network beside its own, and containers that have tools of networking. */
abstract class DockerNetworkCaller extends DockerCaller {
  /** Where a container answers that runs {@link #PEER}. */
  static final String PORT = "9000";

  /** A program for a container: answers by TCP and UDP. */
  static final String[] PEER = {"/scripts/network-peer", "serve", PORT};

  static OutsideWorld outside;

  @BeforeAll
  static void startNetwork() throws IOException, InterruptedException {
    docker
        .run(
            "import",
            "-c",
            "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            TestImages.debian().toString(),
            "debian")
        .ok();
    outside = OutsideWorld.beside(work.resolve("outside.log"), daemonPid());
  }

  @AfterAll
  static void stopNetwork() {
    outside.close();
  }

  private static String[] ofDebian(List<String> options, String... command) {
    List<String> all = new ArrayList<>(options);
    all.addAll(List.of("-v", Path.of("src/test/scripts").toAbsolutePath() + ":/scripts:ro"));
    all.add("debian");
    all.addAll(List.of(command));
    return all.toArray(new String[0]);
  }

  /** Runs a program in a new container of the tested runtime, to its end. */
  static Result once(List<String> options, String... command) {
    List<String> all = new ArrayList<>(List.of("--rm"));
    all.addAll(options);
    return limpid(ofDebian(all, command));
  }

  /** Starts a container of the tested runtime that answers, and waits until it does. */
  static String answering(String name, String... options) throws InterruptedException {
    return answering("limpid", name, options);
  }

  /** The same of a container of the plain runtime. */
  static String plain(String name, String... options) throws InterruptedException {
    return answering("runc", name, options);
  }

  private static String answering(String runtime, String name, String... options)
      throws InterruptedException {
    List<String> all = new ArrayList<>(List.of("run", "--runtime", runtime, "-d", "--name", name));
    all.addAll(List.of(options));
    String id = docker.run(ofDebian(all, PEER)).ok();
    awaitLog(name, "ready");
    return id;
  }

  /** The address of a container in a network, of version 4. */
  static String address(String container, String network) {
    return endpoint(container, network, "IPAddress");
  }

  /** A property of what Docker has made for a container in a network. */
  static String endpoint(String container, String network, String property) {
    return docker
        .run(
            "inspect",
            "-f",
            "{{(index .NetworkSettings.Networks \"" + network + "\")." + property + "}}",
            container)
        .ok();
  }

  /** Fails unless an address answers to pings from a container. */
  static void assertPings(String container, String address) {
    in(container, "ping", "-n", "-c", "2", "-i", "0.2", "-W", "10", address).ok();
  }

  /** Fails if an address answers to a ping from a container. */
  static void assertDoesNotPing(String container, String address) {
    Result result = in(container, "ping", "-n", "-c", "1", "-W", "1", address);
    // 1: no answer, 2: no route
    assertEquals(false, result.status() == 0, result.toString());
  }

  /** Fails unless what a container sends comes back, by TCP and by UDP. */
  static void assertTalks(String container, String address) {
    assertEcho(in(container, "/scripts/network-peer", "echo", address, PORT, "100000"), 100_000);
    String answer = in(container, "/scripts/network-peer", "ask", address, PORT, "word").ok();
    assertEquals("word", answer.replaceFirst(".* ", ""), answer);
  }

  /** Fails unless all bytes have come back. */
  static void assertEcho(Result result, int bytes) {
    assertEquals(Integer.toString(bytes), result.ok().replaceFirst(" .*", ""));
  }

  /** Waits until a program of a container's prints what is expected. */
  static void awaitIn(String expected, String container, String... command)
      throws InterruptedException {
    List<String> all = new ArrayList<>(List.of("exec", container));
    all.addAll(List.of(command));
    await(expected, all.toArray(new String[0]));
  }
}
