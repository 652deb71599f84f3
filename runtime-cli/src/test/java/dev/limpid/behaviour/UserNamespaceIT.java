package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Containers whose users are others outside: on a plain root filesystem, and on an overlay. */
@TestInstance(Lifecycle.PER_CLASS)
final class UserNamespaceIT {
  private static final int FIRST = 100_000;

  private Sandbox sandbox;
  private Path rootfs;
  private String id;
  private Answers plain;
  private Path upper;
  private Answers layered;

  @BeforeAll
  void ask() throws Exception {
    sandbox = Sandbox.open();
    // So that a runtime on the host can get at the root filesystem as one of its users.
    Files.setAttribute(sandbox.directory(), "unix:mode", 0711);
    TestBundle bundle = described(sandbox.bundle());
    rootfs = bundle.rootfs();
    own(rootfs);
    id = sandbox.id();
    Path output = sandbox.runtime().createAndStart(id, bundle.write());
    Await.until("it has spoken", () -> OciRuntime.text(output).contains("ready: now\n"));
    plain = Answers.in(OciRuntime.text(output));

    Path lower = Files.createDirectory(sandbox.path("lower"));
    TestBundle.fillRootfs(lower);
    own(lower);
    Path container = Files.createDirectory(sandbox.path("container"));
    for (String name : List.of("diff", "work", "merged")) {
      Files.createDirectory(container.resolve(name));
    }
    own(container);
    upper = container.resolve("diff");
    Path merged = container.resolve("merged");
    sandbox.hostCommand(
        List.of(
            "mount",
            "-t",
            "overlay",
            "overlay",
            "-o",
            "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + container.resolve("work"),
            merged.toString()),
        List.of("umount", merged.toString()));
    TestBundle second =
        described(sandbox.bundle()).root(root -> root.with("path", merged.toString()));
    String secondId = sandbox.id();
    Path secondOutput = sandbox.runtime().createAndStart(secondId, second.write());
    Await.until("it has spoken", () -> OciRuntime.text(secondOutput).contains("ready: now\n"));
    layered = Answers.in(OciRuntime.text(secondOutput));
    // What it has written is on the host when it has ended.
    sandbox.runtime().call("delete", "--force", secondId).succeeded();
  }

  private void own(Path tree) throws Exception {
    sandbox.hostCommand(
        List.of("chown", "-hR", FIRST + ":" + FIRST, tree.toString()), List.of("true"));
  }

  private static TestBundle described(TestBundle bundle) {
    JsonArray mappings =
        JsonArray.of(
            Json.object("{\"containerID\": 0, \"hostID\": " + FIRST + ", \"size\": 65536}"));
    return bundle
        .capabilities(
            List.of("bounding", "effective", "permitted"),
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_FOWNER",
            "CAP_SETUID",
            "CAP_SETGID",
            "CAP_SYS_ADMIN",
            "CAP_NET_ADMIN",
            "CAP_NET_BIND_SERVICE")
        .linux(
            linux ->
                withClocks(withNamespace(linux, "user"))
                    .with("uidMappings", mappings)
                    .with("gidMappings", mappings)
                    .with("sysctl", Json.object("{\"net.ipv4.ping_group_range\": \"0 7\"}")))
        .script(
            Answers.ASK,
            "ask id sh -c 'echo $(id -u):$(id -g)'",
            "ask map awk '{ print $1, $2, $3 }' /proc/self/uid_map",
            "echo text > /tmp/new",
            "ask own sh -c 'chown 5:6 /tmp/new; stat -c %u:%g /tmp/new'",
            "ask changed sh -c 'echo more >> /etc/plain; cat /etc/plain'",
            "ask removed rm /bin/tac",
            "ask made sh -c 'mkdir /tmp/folder; ln -s /x /tmp/link; mkfifo /tmp/pipe'",
            "for place in / /dev /dev/pts /dev/shm /dev/mqueue /etc/plain; do",
            "  ask owner$place stat -c %u $place",
            "done",
            "ask strangers sh -c 'stat -c %u /dev/null /sys | sort -u'",
            "ask null sh -c 'echo x > /dev/null && echo written'",
            "ask queue sh -c 'touch /dev/mqueue/q && ls /dev/mqueue'",
            "ask shm sh -c 'echo x > /dev/shm/x && cat /dev/shm/x'",
            "ask cgroup sh -c 'ls /sys/fs/cgroup | head -n 1 | wc -l'",
            "ask network ls /sys/class/net",
            "ask hostname sh -c 'hostname inside; hostname'",
            "ask mount sh -c 'mount -t tmpfs none /mnt && echo mounted'",
            "ask sysctl cat /proc/sys/net/ipv4/ping_group_range",
            "ask address sh -c 'ip addr add 10.9.8.7/32 dev lo && echo added'",
            "ask clock awk '/^boottime/ { print $2, $3 }' /proc/self/timens_offsets",
            "ask port sh -c 'nc -l -p 80 < /dev/null & for i in $(seq 300); do"
                + " nc 127.0.0.1 80 < /dev/null && echo reached && break; sleep 0.1; done; kill %1'",
            "ask other sh -c 'su nobody -s /bin/sh -c id 2>/dev/null || echo none'",
            "echo ready: now",
            "exec sleep 1000");
  }

  /** runc got time namespaces later. */
  private static JsonObject withClocks(JsonObject linux) {
    return OciRuntime.runsVirtualMachines()
        ? withNamespace(linux, "time")
            .with("timeOffsets", Json.object("{\"boottime\": {\"secs\": 500, \"nanosecs\": 6}}"))
        : linux;
  }

  private static JsonObject withNamespace(JsonObject linux, String type) {
    List<JsonValue> namespaces =
        new ArrayList<>(((JsonArray) linux.get("namespaces").orElseThrow()).elements());
    namespaces.add(JsonObject.builder().put("type", type).build());
    return linux.with("namespaces", new JsonArray(namespaces));
  }

  @AfterAll
  void close() throws Exception {
    sandbox.close();
  }

  @Test
  void itsRootIsAnotherUserOutside() {
    for (Answers answers : List.of(plain, layered)) {
      answers.are("0:0", "id");
      answers.are("0 100000 65536", "map");
      answers.are("0", "owner/", "owner/etc/plain");
    }
  }

  private static void assertOwner(int uid, int gid, Path file) throws Exception {
    assertEquals(
        uid + ":" + gid,
        Files.getAttribute(file, "unix:uid", java.nio.file.LinkOption.NOFOLLOW_LINKS)
            + ":"
            + Files.getAttribute(file, "unix:gid", java.nio.file.LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void itsFilesBelongToThatUserOnTheHost() throws Exception {
    for (Answers answers : List.of(plain, layered)) {
      answers.are("5:6", "own");
      answers.are("text more", "changed");
      answers.are("", "removed", "made");
    }
    for (Path root : List.of(rootfs, upper)) {
      assertOwner(FIRST + 5, FIRST + 6, root.resolve("tmp/new"));
      for (String name : List.of("tmp/folder", "tmp/link", "tmp/pipe", "etc/plain")) {
        assertOwner(FIRST, FIRST, root.resolve(name));
      }
      assertEquals("text\nmore\n", Files.readString(root.resolve("etc/plain")));
    }
  }

  @Test
  void itsFileSystemsAreItsOwn() {
    for (Answers answers : List.of(plain, layered)) {
      answers.are("0", "owner/dev", "owner/dev/pts", "owner/dev/shm", "owner/dev/mqueue");
      answers.are("65534", "strangers");
      answers.are("written", "null");
      answers.are("q", "queue");
      answers.are("x", "shm");
      answers.are("1", "cgroup");
    }
  }

  @Test
  void itMayDoInsideWhatItMayNotOutside() {
    for (Answers answers : List.of(plain, layered)) {
      answers.are("inside", "hostname");
      answers.are("mounted", "mount");
    }
  }

  @Test
  @VmOnly
  void itsClocksAreSetOff() {
    plain.are("500 6", "clock");
    layered.are("500 6", "clock");
  }

  @Test
  void itsNetworkIsItsOwn() {
    for (Answers answers : List.of(plain, layered)) {
      answers.match("\\blo\\b", "network");
      answers.are("0 7", "sysctl");
      answers.are("added", "address");
      answers.match("reached", "port");
    }
  }

  @Test
  void aSecondProcessIsInItToo() throws Exception {
    Outcome outcome =
        sandbox
            .runtime()
            .call("exec", "--user", "7:8", id, "sh", "-c", "id -u; id -g; cat /proc/self/uid_map")
            .succeeded();

    assertEquals(
        List.of("7", "8", "0 100000 65536"),
        outcome.out().lines().map(line -> line.strip().replaceAll(" +", " ")).toList());
  }

  @Test
  @VmOnly
  void itsNetworkIsCounted() throws Exception {
    Outcome outcome = sandbox.runtime().call("events", "--stats", id).succeeded();

    assertEquals(
        List.of(),
        Json.read(outcome.out()).required("data").optionalElements("network_interfaces"));
  }

  @Test
  @VmOnly
  void mappingsWithoutItAreRefused() throws Exception {
    Path bundle =
        sandbox
            .bundle()
            .linux(
                linux ->
                    linux.with(
                        "uidMappings",
                        JsonArray.of(
                            Json.object("{\"containerID\": 0, \"hostID\": 1, \"size\": 1}"))))
            .write();
    sandbox
        .runtime()
        .refuses(
            "config.json: linux.uidMappings: must not be there without a user namespace",
            "create",
            "--bundle",
            bundle.toString(),
            sandbox.id());
  }

  @Test
  void itIsRefusedWithoutMappings() throws Exception {
    Path bundle = sandbox.bundle().linux(linux -> withNamespace(linux, "user")).write();
    sandbox
        .runtime()
        .refuses(
            OciRuntime.runsVirtualMachines()
                ? "config.json: linux: uidMappings: must be there with a user namespace"
                : "mappings",
            "create",
            "--bundle",
            bundle.toString(),
            sandbox.id());
  }
}
