package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Servers of the host that are reached from inside by a socket that is mounted there. */
final class SocketsIT extends SharedContainer {
  private static final String CLIENT = DebianRootfs.SCRIPTS + "/socket-client";
  private static final String PLACE = "/run/server.sock";
  private static final String RESTARTING = "/run/restarting.sock";

  private DebianRootfs debian;
  private Path folder;
  private Path socket;
  private Path restarting;
  private EchoServer server;

  @Override
  void describe(TestBundle bundle) throws Exception {
    debian = DebianRootfs.unpack();
    folder = Files.createDirectory(sandbox().path("sockets"));
    socket = folder.resolve("server.sock");
    server = EchoServer.at(socket);
    restarting = folder.resolve("restarting.sock");
    EchoServer.at(restarting).close();
    Files.setAttribute(socket, "unix:mode", 0660);
    Files.setAttribute(socket, "unix:gid", 4242);
    debian
        .in(bundle)
        .mount(PLACE, "bind", socket.toString(), "bind")
        .mount("/frozen.sock", "bind", socket.toString(), "bind", "ro")
        .mount(RESTARTING, "bind", restarting.toString(), "bind")
        .mount("/sockets", "bind", folder.toString(), "bind")
        .capabilities(
            List.of("bounding", "effective", "permitted"),
            "CAP_DAC_OVERRIDE",
            "CAP_SETUID",
            "CAP_SETGID")
        .args("sleep", "1000000");
  }

  @AfterEach
  void forget() {
    server.heard().clear();
  }

  @AfterAll
  void closeServer() throws Exception {
    server.close();
    debian.remove();
  }

  /** The server learns of the end of a connection when its client has gone. */
  private static void awaitHeard(EchoServer server, String text) throws Exception {
    Await.until(text + " is heard", () -> server.heard().contains(text));
  }

  private String client(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(id(), CLIENT));
    all.addAll(List.of(arguments));
    return exec(all.toArray(new String[0])).succeeded().out().strip();
  }

  @Test
  void aServerOfTheHostIsReached() throws Exception {
    assertEquals("hello", client("say", PLACE, "hello"));
    awaitHeard(server, "hello");
    assertEquals("for reading", client("say", "/frozen.sock", "for reading"));
  }

  @Test
  void muchGoesBothWaysUntilOneIsClosed() throws Exception {
    assertEquals("same", client("echo", PLACE, Integer.toString(8 << 20)));
  }

  @Test
  void manyAreServedAtOnce() throws Exception {
    assertEquals("300", client("many", PLACE, "300"));
  }

  @Test
  void oneThatDoesNotReadHoldsUpNoOther() throws Exception {
    assertEquals("other", client("stall", PLACE, "10"));
  }

  @Test
  void whatIsSentJustBeforeTheEndArrives() throws Exception {
    String id = sandbox().id();
    TestBundle bundle =
        debian
            .in(sandbox().bundle())
            .mount(PLACE, "bind", socket.toString(), "bind")
            .args(CLIENT, "send", PLACE, "last words");
    runtime().call("run", "--bundle", bundle.write().toString(), id).succeeded();
    awaitHeard(server, "last words");
  }

  @Test
  void theFilesOwnerAndPermissionsHold() throws Exception {
    assertEquals("660 0 4242\n", shell("stat -c '%a %u %g' " + PLACE));
    assertEquals(
        "EACCES",
        exec("--user", "1000:1000", id(), CLIENT, "say", PLACE, "x").succeeded().out().strip());
    assertEquals(
        "x",
        exec("--user", "1000:4242", id(), CLIENT, "say", PLACE, "x").succeeded().out().strip());
  }

  @Test
  @VmOnly
  void aServerThatIsStartedAnewIsReachedAgain() throws Exception {
    assertEquals("closed", client("say", RESTARTING, "x"));
    Files.delete(restarting);
    assertEquals("closed", client("say", RESTARTING, "x"));
    Path other = folder.resolve("other");
    try (EchoServer stranger = EchoServer.at(other)) {
      Files.createSymbolicLink(restarting, other);
      assertEquals("closed", client("say", RESTARTING, "x"));
      assertTrue(stranger.heard().isEmpty());
    }
    try (EchoServer back = EchoServer.at(restarting)) {
      assertEquals("back", client("say", RESTARTING, "back"));
      awaitHeard(back, "back");
    }
  }

  @Test
  @VmOnly
  void aSocketInAFolderIsNotReached() throws Exception {
    assertEquals("ECONNREFUSED", client("say", "/sockets/server.sock", "x"));
  }

  @Test
  @VmOnly
  void nothingIsKeptOfConnectionsThatHaveEnded() throws Exception {
    Path descriptors = Path.of("/proc/" + runtime().state(id()).required("pid").asInt64() + "/fd");
    client("many", PLACE, "10");
    int before = Sandbox.entries(descriptors).size();
    for (int i = 0; i < 4; i++) {
      assertEquals("250", client("many", PLACE, "250"));
    }
    Await.until("the descriptors are closed", () -> Sandbox.entries(descriptors).size() <= before);
  }

  @Test
  @VmOnly
  void socketsOfOtherTypesAreRefused() throws Exception {
    for (String type : List.of("SOCK_DGRAM", "SOCK_SEQPACKET")) {
      Path odd = sandbox().path("odd");
      Process holder =
          sandbox()
              .start(
                  new ProcessBuilder(
                      "python3",
                      "-c",
                      "import socket, sys; s = socket.socket(socket.AF_UNIX, socket."
                          + type
                          + "); s.bind(sys.argv[1]); sys.argv[2] == 'SOCK_DGRAM' or s.listen();"
                          + " print(flush=True); sys.stdin.read()",
                      odd.toString(),
                      type));
      assertTrue(holder.inputReader().readLine() != null);
      TestBundle bundle = sandbox().bundle().mount("/odd", "bind", odd.toString(), "bind");
      runtime()
          .refuses(
              "socket: " + odd + ": is of the type " + type + "; only SOCK_STREAM",
              "create",
              "--bundle",
              bundle.write().toString(),
              sandbox().id());
      holder.destroy();
    }
  }

  @Test
  @VmOnly
  void aContainerThatJoinsHasSocketsOfItsOwn() throws Exception {
    long pid = runtime().state(id()).required("pid").asInt64();
    Path own = sandbox().path("own");
    try (EchoServer another = EchoServer.at(own)) {
      TestBundle bundle =
          debian
              .in(sandbox().bundle())
              .joining("network", "/proc/" + pid + "/ns/net")
              .mount(PLACE, "bind", own.toString(), "bind")
              .script(
                  CLIENT + " many " + PLACE + " 300",
                  CLIENT + " echo " + PLACE + " 4194304",
                  CLIENT + " stall " + PLACE + " 5",
                  CLIENT + " send " + PLACE + " end");
      Outcome outcome =
          runtime().call("run", "--bundle", bundle.write().toString(), sandbox().id()).succeeded();
      assertEquals("300\nsame\nother\n", outcome.out());
      Await.until("its last words arrive", () -> another.heard().contains("end"));
      assertFalse(server.heard().contains("end"));
    }
    assertEquals("still", client("say", PLACE, "still"));
  }
}
