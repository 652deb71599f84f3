package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** File systems of a container: its root, and what is mounted in it. */
@TestInstance(Lifecycle.PER_CLASS)
final class MountsIT {
  private static final String[] CAPABILITIES = {
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID"
  };

  private final Map<String, String> answers = new LinkedHashMap<>();
  private Sandbox sandbox;
  private Path folder;
  private Path frozenFolder;
  private Path file;
  private Path frozenFile;

  @BeforeAll
  void ask() throws Exception {
    sandbox = Sandbox.open();
    folder = Files.createDirectory(sandbox.path("folder"));
    Files.writeString(folder.resolve("given"), "from the host\n");
    Files.writeString(folder.resolve("old name"), "renamed\n");
    Files.createSymbolicLink(folder.resolve("link"), Path.of("/etc/plain"));
    frozenFolder = Files.createDirectory(sandbox.path("frozen"));
    Files.writeString(frozenFolder.resolve("given"), "for reading\n");
    file = Files.writeString(sandbox.path("file"), "a file\n");
    frozenFile = Files.writeString(sandbox.path("file"), "a frozen file\n");
    TestBundle bundle =
        sandbox
            .bundle()
            .root(root -> root.with("readonly", true))
            .mount("/folder", "bind", folder.toString(), "rbind", "rw")
            .mount("/frozen", "bind", frozenFolder.toString(), "bind", "ro")
            .mount("/etc/file", "bind", file.toString(), "bind")
            .mount("/etc/frozen-file", "bind", frozenFile.toString(), "bind", "ro")
            .mount("/folder/inside", "tmpfs", "tmpfs", "nosuid", "nodev", "size=1m", "mode=1777")
            .mount("/tmp", "tmpfs", "tmpfs", "noexec")
            .capabilities(List.of("bounding", "effective", "permitted"), CAPABILITIES)
            .script(
                // In one line, whatever it says.
                "ask() { name=$1; shift; echo \"$name:\" $(\"$@\" 2>&1); }",
                "ask folder cat /folder/given",
                "ask write sh -c 'echo from inside > /folder/new'",
                "ask append sh -c 'echo more >> /folder/given'",
                "ask rename mv '/folder/old name' '/folder/new name'",
                "ask remove sh -c 'touch /folder/passing; rm /folder/passing'",
                "ask own sh -c 'cd /folder; touch owned; chown 1234:5678 owned; chmod 4710 owned'",
                "ask hardlink ln /folder/new /folder/same",
                "ask link readlink /folder/link",
                "ask follow cat /folder/link",
                "ask frozen cat /frozen/given",
                "ask frozen-write sh -c 'echo x > /frozen/new'",
                "ask frozen-append sh -c 'echo x >> /frozen/given'",
                "ask frozen-remove rm /frozen/given",
                "ask file cat /etc/file",
                "ask file-append sh -c 'echo more >> /etc/file'",
                "ask frozen-file cat /etc/frozen-file",
                "ask frozen-file-append sh -c 'echo more >> /etc/frozen-file'",
                "ask inside awk '$5 == \"/folder/inside\" { print $6, $0 }' /proc/self/mountinfo",
                "ask inside-mode stat -c %a /folder/inside",
                "ask inside-full dd if=/dev/zero of=/folder/inside/big bs=1k count=2048",
                "cp /bin/busybox /tmp/busybox",
                "ask scratch /tmp/busybox true",
                "ask root sh -c 'echo x > /etc/new'",
                "echo ready: now",
                "until [ -e /folder/go ]; do sleep 0.05; done",
                "ask later cat /folder/go");
    String id = sandbox.id();
    Path output = sandbox.runtime().createAndStart(id, bundle.write());
    Await.until("the container is ready", () -> OciRuntime.text(output).contains("ready: now\n"));
    Path aside = Files.writeString(folder.resolve("aside"), "from the host, later\n");
    Files.move(aside, folder.resolve("go"));
    sandbox.runtime().awaitStatus(id, "stopped");
    Await.until("all is written", () -> OciRuntime.text(output).contains("later:"));
    for (String line : Files.readAllLines(output)) {
      int colon = line.indexOf(':');
      answers.put(line.substring(0, colon), line.substring(colon + 1).strip());
    }
  }

  @AfterAll
  void close() throws Exception {
    sandbox.close();
  }

  private void assertAnswer(String expected, String question) {
    assertEquals(expected, answers.get(question), question);
  }

  private void assertReadOnly(String question) {
    assertTrue(answers.get(question).endsWith("Read-only file system"), answers::toString);
  }

  @Test
  void aFolderOfTheHostIsSharedBothWays() throws Exception {
    assertAnswer("from the host", "folder");
    assertEquals("from inside\n", Files.readString(folder.resolve("new")));
    assertEquals("from the host\nmore\n", Files.readString(folder.resolve("given")));
    assertEquals("renamed\n", Files.readString(folder.resolve("new name")));
    assertTrue(Files.notExists(folder.resolve("old name")));
    assertTrue(Files.notExists(folder.resolve("passing")));
    assertEquals(
        Files.getAttribute(folder.resolve("new"), "unix:ino"),
        Files.getAttribute(folder.resolve("same"), "unix:ino"));
    for (String quiet : List.of("write", "append", "rename", "remove", "own", "hardlink")) {
      assertAnswer("", quiet);
    }
  }

  @Test
  void whatTheHostWritesIsSeenInARunningContainer() {
    assertAnswer("from the host, later", "later");
  }

  @Test
  void ownersAndModesReachTheHost() throws Exception {
    Path owned = folder.resolve("owned");
    assertEquals(1234, Files.getAttribute(owned, "unix:uid"));
    assertEquals(5678, Files.getAttribute(owned, "unix:gid"));
    assertEquals(0104710, Files.getAttribute(owned, "unix:mode"));
  }

  @Test
  void symbolicLinksLeadIntoTheContainer() {
    assertAnswer("/etc/plain", "link");
    assertAnswer("text", "follow");
  }

  @Test
  void aReadOnlyFolderCanOnlyBeRead() throws Exception {
    assertAnswer("for reading", "frozen");
    assertReadOnly("frozen-write");
    assertReadOnly("frozen-append");
    assertReadOnly("frozen-remove");
    assertEquals(List.of("given"), Sandbox.entries(frozenFolder));
    assertEquals("for reading\n", Files.readString(frozenFolder.resolve("given")));
  }

  @Test
  void aSingleFileCanBeBound() throws Exception {
    assertAnswer("a file", "file");
    assertEquals("a file\nmore\n", Files.readString(file));
    assertAnswer("a frozen file", "frozen-file");
    assertReadOnly("frozen-file-append");
    assertEquals("a frozen file\n", Files.readString(frozenFile));
  }

  @Test
  void aTmpfsHasItsOptions() throws Exception {
    String mount = answers.get("inside");
    assertTrue(mount.matches("rw,nosuid,nodev.* - tmpfs tmpfs .*size=1024k.*"), mount);
    assertAnswer("1777", "inside-mode");
    assertTrue(answers.get("inside-full").contains("No space left"), answers::toString);
    assertTrue(answers.get("scratch").endsWith("Permission denied"), answers::toString);
    assertEquals(List.of(), Sandbox.entries(folder.resolve("inside")));
  }

  @Test
  void aReadOnlyRootCanOnlyBeRead() {
    assertReadOnly("root");
  }
}
