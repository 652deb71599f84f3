package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders and files of the host that programs in a container use beside programs of the host. */
final class VolumesIT extends SharedContainer {
  private static final int CHECKS_MIN = 20;
  private static final String LOCKS = "flock,posix,open-file";
  private static final String BUSY = "flock busy\nposix busy\nopen-file busy\n";
  private static final String FREE = "flock free\nposix free\nopen-file free\n";

  private DebianRootfs debian;

  /** Holds a folder for each volume, named as it is in the container below /volumes. */
  private Path host;

  private Path file;
  private Path sameFile;

  @Override
  void describe(TestBundle bundle) throws Exception {
    debian = DebianRootfs.unpack();
    host = Files.createDirectory(sandbox().path("host"));
    for (String name : List.of("folder/nested", "lower", "frozen/directory")) {
      Files.createDirectories(host.resolve(name));
    }
    for (String name : List.of("memory", "untouched")) {
      String memory = Files.createDirectory(inFolder(name)).toString();
      sandbox()
          .hostCommand(
              List.of("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", memory),
              List.of("umount", memory));
    }
    HostOverlay overlay =
        HostOverlay.mount(sandbox(), host.resolve("lower"), host.resolve("container"));
    Files.createSymbolicLink(host.resolve("overlay"), overlay.merged());
    Path nested = Files.createDirectory(sandbox().path("nested"));
    Files.writeString(host.resolve("frozen/file"), "for reading\n");
    for (String kind : LOCKS.split(",", -1)) {
      Files.createFile(host.resolve("frozen/directory/lock." + kind));
    }
    file = Files.writeString(host.resolve("file"), "as it was\n");
    sameFile = Files.createLink(host.resolve("same-file"), file);
    volumes(bundle)
        .mount("/volumes/folder/nested", "bind", nested.toString(), "bind")
        .mount("/volumes/overlay", "bind", overlay.merged().toString(), "bind")
        .mount("/volumes/frozen", "bind", host.resolve("frozen").toString(), "bind", "ro")
        .mount("/volumes/file", "bind", file.toString(), "bind");
    // What the host's programs find where the container has it nested.
    sandbox()
        .hostCommand(
            List.of("mount", "--bind", nested.toString(), host.resolve("folder/nested").toString()),
            List.of("umount", host.resolve("folder/nested").toString()));
  }

  /** A container that only waits, with all that is in the folder of the host. */
  private TestBundle volumes(TestBundle bundle) {
    return debian
        .in(bundle)
        .capabilities(
            List.of("bounding", "effective", "permitted", "inheritable"),
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_DAC_READ_SEARCH",
            "CAP_FOWNER",
            "CAP_FSETID",
            "CAP_KILL",
            "CAP_MKNOD",
            "CAP_SETFCAP",
            "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SYS_ADMIN")
        .mount("/volumes/folder", "bind", host.resolve("folder").toString(), "rbind")
        .args("sleep", "1000000");
  }

  @AfterAll
  void removeRootfs() throws Exception {
    debian.remove();
  }

  private ProcessBuilder inside(String container, String program, String... arguments) {
    List<String> all = new ArrayList<>(List.of("exec", container));
    all.add(DebianRootfs.SCRIPTS + "/" + program);
    all.addAll(List.of(arguments));
    return runtime().verb(all.toArray(new String[0]));
  }

  private static ProcessBuilder outside(String program, String... arguments) {
    List<String> all = new ArrayList<>(List.of(DebianRootfs.script(program)));
    all.addAll(List.of(arguments));
    return new ProcessBuilder(all);
  }

  private String said(ProcessBuilder program) throws Exception {
    return runtime().toEnd(program.redirectInput(Path.of("/dev/null").toFile())).succeeded().out();
  }

  private VolumePeer peer(ProcessBuilder program) throws Exception {
    return VolumePeer.start(sandbox(), program);
  }

  private Path inFolder(String name) {
    return host.resolve("folder").resolve(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"folder", "folder/nested", "folder/memory", "overlay"})
  void programsDoWithFilesWhatTheyDoOnTheHost(String volume) throws Exception {
    Path here = Files.createDirectory(host.resolve(volume).resolve("outside"));
    String expected = said(outside("volume-checks", here.toString()));
    Files.createDirectory(host.resolve(volume).resolve("inside"));
    assertEquals(expected, said(inside(id(), "volume-checks", "/volumes/" + volume + "/inside")));
    long fine = expected.lines().filter(line -> line.endsWith(": ok")).count();
    assertTrue(fine >= CHECKS_MIN, expected);
  }

  @Test
  void aMountOfTheHostIsGivenAttributesBeforeAnybodyLooksIntoIt() throws Exception {
    String script = "import os, sys; %s";
    String set = script.formatted("os.setxattr(sys.argv[1], 'trusted.given', b'inside')");
    // The first thing that a VM does with the folder: later its memory may hide what goes wrong.
    TestBundle bundle =
        volumes(sandbox().bundle()).args("python3", "-c", set, "/volumes/folder/untouched");
    runtime().call("run", "--bundle", bundle.write().toString(), sandbox().id()).succeeded();
    String get = script.formatted("print(os.getxattr(sys.argv[1], 'trusted.given').decode())");
    String untouched = inFolder("untouched").toString();
    assertEquals("inside\n", said(new ProcessBuilder("python3", "-c", get, untouched)));
  }

  @Test
  void whatIsReadOnlyCanBeChangedInNoWay() throws Exception {
    assertEquals(
        "read-only: ok\n", said(inside(id(), "volume-checks", "--read-only", "/volumes/frozen")));
  }

  @Test
  void everyKindOfFileIsTheSameOnBothSides() throws Exception {
    Path theHosts = Files.createDirectory(inFolder("odd"));
    said(new ProcessBuilder(sandbox().helper("odd_layer.py", theHosts.toString())));
    Path programs = Files.createDirectory(inFolder("programs"));
    for (String program : List.of("odd_layer.py", "tree.py")) {
      Files.copy(Path.of(sandbox().helper(program).get(1)), programs.resolve(program));
    }
    shell("cd /volumes/folder && mkdir odd-inside && python3 programs/odd_layer.py odd-inside");
    String expected =
        said(
            new ProcessBuilder("python3", "programs/tree.py", "odd", "odd-inside")
                .directory(inFolder("").toFile()));
    assertEquals(
        List.of(expected.split("\n", -1)),
        List.of(
            shell("cd /volumes/folder && python3 programs/tree.py odd odd-inside")
                .split("\n", -1)));
    assertTrue(expected.lines().count() > 4000, expected);
  }

  @Test
  void aFileThatTheHostReplacesStaysTheOneThatWasThere() throws Exception {
    assertEquals("as it was\n", shell("cat /volumes/file"));
    Files.move(
        Files.writeString(host.resolve("new-file"), "another one\n"),
        file,
        StandardCopyOption.ATOMIC_MOVE);
    assertEquals("as it was\n", shell("cat /volumes/file"));
    Files.writeString(sameFile, "by the host\n", StandardOpenOption.APPEND);
    Await.until(
        "it is the same file", () -> shell("cat /volumes/file").equals("as it was\nby the host\n"));
    shell("echo from inside >> /volumes/file");
    assertEquals("as it was\nby the host\nfrom inside\n", Files.readString(sameFile));
    assertEquals("another one\n", Files.readString(file));
  }

  @Test
  void whatTheHostChangesIsSeen() throws Exception {
    Path seen = Files.createDirectory(inFolder("seen"));
    for (String name : List.of("same", "grown", "cut", "removed", "renamed", "replaced", "other")) {
      Files.writeString(seen.resolve(name), "what it was\n");
    }
    Files.createDirectory(seen.resolve("directory"));
    Files.createSymbolicLink(seen.resolve("link"), Path.of("same"));
    String script =
        "for i in * same grown cut removed renamed moved replaced other new directory/new link; do"
            + " echo $i: $(stat -c '%F %a %u %s %h %Y' $i 2>/dev/null) $(cat $i 2>/dev/null); done";
    String look = "cd /volumes/folder/seen; " + script;
    ProcessBuilder hostLook = new ProcessBuilder("sh", "-c", script).directory(seen.toFile());
    // It has all of it in its memory now, and what is not there as well.
    assertEquals(said(hostLook), shell(look));
    Files.writeString(seen.resolve("same"), "what it is!\n");
    Files.writeString(seen.resolve("grown"), "and more\n", StandardOpenOption.APPEND);
    Files.writeString(seen.resolve("cut"), "");
    Files.delete(seen.resolve("removed"));
    Files.move(seen.resolve("renamed"), seen.resolve("moved"));
    Files.move(
        Files.writeString(seen.resolve("aside"), "another\n"),
        seen.resolve("replaced"),
        StandardCopyOption.ATOMIC_MOVE);
    Files.setAttribute(seen.resolve("other"), "unix:mode", 04711);
    Files.setAttribute(seen.resolve("other"), "unix:uid", 4242);
    Files.writeString(seen.resolve("new"), "new\n");
    Files.writeString(seen.resolve("directory/new"), "new\n");
    Files.delete(seen.resolve("link"));
    Files.createSymbolicLink(seen.resolve("link"), Path.of("other"));
    String expected = said(hostLook);
    assertTrue(expected.contains("\nremoved:\n") && expected.contains(" what it is!\n"), expected);
    Await.until("all is seen of " + expected, () -> shell(look).equals(expected));
  }

  @Test
  void whoHasAFileOpenReadsWhatTheHostAdds() throws Exception {
    Path log = Files.writeString(inFolder("log"), "first\n");
    VolumePeer tail = peer(runtime().verb("exec", id(), "tail", "-f", "/volumes/folder/log"));
    tail.says("first\n");
    Files.writeString(log, "second\n", StandardOpenOption.APPEND);
    tail.says("first\nsecond\n");
    Files.writeString(log, "third\n", StandardOpenOption.APPEND);
    tail.says("first\nsecond\nthird\n");
  }

  @Test
  void theSpaceIsTheHosts() throws Exception {
    String blocks = "stat -f -c '%S %b %f %a %c %d %l' .";
    assertEquals(
        said(new ProcessBuilder("sh", "-c", blocks).directory(inFolder("memory").toFile())),
        shell("cd /volumes/folder/memory && " + blocks));
  }

  @Test
  void whatTheHostsListsSayHoldsInside() throws Exception {
    Path restricted = Files.writeString(inFolder("restricted"), "for 4242\n");
    Files.setAttribute(restricted, "unix:mode", 0600);
    said(outside("volume-peer", "acl", restricted.toString()));
    String path = "/volumes/folder/restricted";
    // Without root's capabilities, that is.
    assertEquals("for 4242\n", exec("--user", "4242:4242", id(), "cat", path).succeeded().out());
    exec("--user", "4243:4243", id(), "cat", path).exited(1);
    exec("--user", "4242:4242", id(), "sh", "-c", "echo x >> " + path).exited(2);
    assertEquals("for 4242\n", Files.readString(restricted));
  }

  @Test
  void containersAndTheHostKeepOutEachOther() throws Exception {
    String second = sandbox().id();
    runtime().createAndStart(second, volumes(sandbox().bundle()).write());
    String inside = "/volumes/folder/lock";
    String outside = inFolder("lock").toString();

    VolumePeer first = peer(inside(id(), "volume-peer", "hold", LOCKS, inside)).says("held\n");
    assertEquals(BUSY, said(inside(second, "volume-peer", "try", LOCKS, inside)));
    assertEquals(BUSY, said(outside("volume-peer", "try", LOCKS, outside)));
    VolumePeer waiting =
        peer(inside(second, "volume-peer", "wait", LOCKS, inside)).says("waiting\n");
    first.end();
    waiting.says("waiting\nhad\n").end();

    VolumePeer theHosts = peer(outside("volume-peer", "hold", LOCKS, outside)).says("held\n");
    assertEquals(BUSY, said(inside(id(), "volume-peer", "try", LOCKS, inside)));
    waiting = peer(inside(id(), "volume-peer", "wait", LOCKS, inside)).says("waiting\n");
    assertTrue(waiting.isAlive());
    theHosts.end();
    waiting.says("waiting\nhad\n").end();

    VolumePeer last = peer(inside(second, "volume-peer", "hold", LOCKS, inside)).says("held\n");
    waiting = peer(outside("volume-peer", "wait", LOCKS, outside)).says("waiting\n");
    assertEquals(BUSY, said(inside(id(), "volume-peer", "try", LOCKS, inside)));
    assertTrue(last.isAlive() && waiting.isAlive());
    runtime().call("delete", "--force", second).succeeded();
    waiting.says("waiting\nhad\n").end();
    assertEquals(FREE, said(inside(id(), "volume-peer", "try", LOCKS, inside)));
  }

  @Test
  void locksOfWhatIsReadOnlyKeepOutTheHost() throws Exception {
    VolumePeer holding =
        peer(inside(id(), "volume-peer", "hold", "flock", "/volumes/frozen/directory/lock"))
            .says("held\n");
    Path lock = host.resolve("frozen/directory/lock");
    assertEquals("flock busy\n", said(outside("volume-peer", "try", "flock", lock.toString())));
    holding.end();
    assertEquals("flock free\n", said(outside("volume-peer", "try", "flock", lock.toString())));
  }

  @Test
  @VmOnly
  void otherLocksOfWhatIsReadOnlyDoNot() throws Exception {
    VolumePeer holding =
        peer(inside(
                id(), "volume-peer", "hold", "posix,open-file", "/volumes/frozen/directory/lock"))
            .says("held\n");
    Path lock = host.resolve("frozen/directory/lock");
    assertEquals(
        "posix free\nopen-file free\n",
        said(outside("volume-peer", "try", "posix,open-file", lock.toString())));
    holding.end();
  }

  @Test
  void whatIsWrittenByMappingsReachesTheHost() throws Exception {
    Files.createDirectory(inFolder("mapped"));
    VolumePeer mapping =
        peer(inside(id(), "volume-peer", "map", "/volumes/folder/mapped")).says("written\n");
    for (String way : List.of("flushed", "synced", "unmapped", "closed")) {
      String content = Files.readString(inFolder("mapped/file-" + way));
      assertEquals("written" + "\0".repeat(4089) + "written" + "\0".repeat(4089), content, way);
    }
    mapping.end();
  }
}
