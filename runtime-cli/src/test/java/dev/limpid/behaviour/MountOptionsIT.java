package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Mounts with every option. One container has them all. */
@TestInstance(Lifecycle.PER_CLASS)
final class MountOptionsIT {
  private static final String[] CAPABILITIES = {
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SYS_ADMIN"
  };

  private final List<String> script = new ArrayList<>();
  private Sandbox sandbox;
  private TestBundle bundle;
  private String id;
  private Path output;
  private Path folder;
  private Path file;
  private Path followed;
  private Path owned;

  @BeforeAll
  void start() throws Exception {
    sandbox = Sandbox.open();
    bundle =
        sandbox.bundle().capabilities(List.of("bounding", "effective", "permitted"), CAPABILITIES);
    folder = Files.createDirectories(sandbox.path("folder"));
    Files.createDirectories(folder.resolve("sub"));
    Files.writeString(folder.resolve("given"), "given\n");
    Files.createSymbolicLink(folder.resolve("link"), Path.of("given"));
    file = Files.writeString(sandbox.path("file"), "the file\n");
    followed = sandbox.path("followed");
    Files.createDirectories(followed.resolve("sub"));
    owned = Files.createDirectories(sandbox.path("owned"));
    Files.writeString(owned.resolve("given"), "");
    sandbox.hostCommand(
        List.of("mount", "--bind", followed.toString(), followed.toString()),
        List.of("umount", "--lazy", followed.toString()));
    sandbox.hostCommand(List.of("mount", "--make-shared", followed.toString()), List.of("true"));
    script.add(Answers.ASK);
    script.add(Answers.MOUNT);
    addFileSystems();
    addBinds();
    addPlaces();
    if (OciRuntime.runsVirtualMachines()) {
      addWhatOldRuncLacks();
    }
    script.add("echo ready: now");
    script.add("until [ -e /mnt/bound/later ]; do sleep 0.05; done");
    script.add(
        "ask followed sh -c 'until [ -e /mnt/followed/sub/new ]; do sleep 0.05; done; ls /mnt/followed/sub'");
    script.add("ask private ls /mnt/private/sub");
    script.add("echo done: now");
    id = sandbox.id();
    output =
        sandbox.runtime().createAndStart(id, bundle.script(script.toArray(new String[0])).write());
    Await.until("the container is ready", () -> OciRuntime.text(output).contains("ready: now\n"));
  }

  @AfterAll
  void close() throws Exception {
    sandbox.close();
  }

  private Answers answers() {
    return Answers.in(OciRuntime.text(output));
  }

  /** Mounts a tmpfs, and asks for it. */
  private void tmpfs(String name, String... options) {
    bundle.mount("/mnt/" + name, "tmpfs", "tmpfs", options);
    script.add("mounted " + name + " /mnt/" + name);
  }

  private void bind(String name, Path source, String... options) {
    bundle.mount("/mnt/" + name, "bind", source.toString(), options);
    script.add("mounted " + name + " /mnt/" + name);
  }

  private void addFileSystems() {
    tmpfs("noatime", "noatime");
    tmpfs("strictatime", "strictatime");
    tmpfs("nodiratime", "nodiratime");
    tmpfs("restricted", "nosuid", "nodev", "noexec");
    tmpfs("sync", "sync");
    tmpfs("dirsync", "dirsync");
    tmpfs("lazytime", "lazytime");
    tmpfs("readonly", "ro");
    tmpfs("rw", "ro", "rw");
    tmpfs("exec", "noexec", "nosuid", "nodev", "exec", "suid", "dev");
    tmpfs("async", "sync", "async");
    tmpfs("atime", "noatime", "atime");
    tmpfs(
        "nothing",
        "iversion",
        "noiversion",
        "silent",
        "loud",
        "nomand",
        "diratime",
        "norelatime",
        "nostrictatime",
        "nolazytime");
    tmpfs("sized", "size=1m", "nr_inodes=77", "mode=700", "uid=5", "gid=6");
    tmpfs("shared", "shared");
    tmpfs("unbindable", "unbindable");
    tmpfs("slave", "slave");
    tmpfs("changed", "size=1m");
    bundle.mount("/mnt/changed", "tmpfs", "tmpfs", "remount", "size=2m", "nosuid");
    bundle.mount("/mnt/ramfs", "ramfs", "ramfs", "mode=711");
    script.add("ask ramfs stat -c '%a %T' -f /mnt/ramfs");
    script.add("mounted mqueue /dev/mqueue");
    script.add("ask queue sh -c 'touch /dev/mqueue/q; ls /dev/mqueue'");
    script.add("ask terminals ls /dev/pts");
    script.add("mounted sysfs /sys");
    script.add("mounted proc /proc");
    script.add("ask cgroup sh -c 'ls /sys/fs/cgroup | wc -l'");
    script.add("ask readonly-write sh -c 'echo x > /mnt/readonly/x'");
  }

  private void addBinds() {
    bind("bound", folder, "bind");
    bind("bound-noatime", folder, "bind", "noatime", "nodiratime");
    bind("bound-restricted", folder, "rbind", "ro", "nosuid", "nodev", "noexec");
    bind("bound-recursively", folder, "rbind", "rro", "rnosuid", "rnodev", "rnoexec");
    bind("bound-rw", folder, "bind", "ro", "rw", "noexec", "exec");
    bind("bound-sync", folder, "bind", "sync", "dirsync", "async");
    bind("deep/in/nowhere/file", file, "bind", "ro");
    bind("followed", followed, "rbind", "rslave");
    bind("private", followed, "rbind", "rprivate");
    script.add("ask bound cat /mnt/bound/given");
    script.add("ask bound-write sh -c 'echo x > /mnt/bound-recursively/new'");
    script.add("ask file-read cat /mnt/deep/in/nowhere/file");
    script.add("ask file-write sh -c 'echo x >> /mnt/deep/in/nowhere/file'");
  }

  /** Where mounts come to lie: on each other, below each other, through links. */
  private void addPlaces() throws Exception {
    Path root = bundle.rootfs();
    Files.createDirectories(root.resolve("srv/real"));
    Files.createSymbolicLink(root.resolve("srv/link"), Path.of("/srv/real"));
    Files.createSymbolicLink(root.resolve("srv/dangling"), Path.of("/srv/made"));
    Files.createSymbolicLink(root.resolve("srv/outside"), Path.of("../../../../../srv/inside"));
    Path filled = Files.createDirectories(root.resolve("srv/filled/deep"));
    Files.writeString(filled.resolve("file"), "copied\n");
    Files.setAttribute(root.resolve("srv/filled"), "unix:mode", 02751);
    bundle.mount("/mnt/tree", "bind", folder.toString(), "bind");
    bundle.mount("/mnt/tree/sub", "tmpfs", "tmpfs");
    bundle.mount("/mnt/tree/given", "bind", file.toString(), "bind");
    bundle.mount("/mnt/tree/sub/below", "bind", folder.toString(), "bind");
    bundle.mount("/mnt/twice", "tmpfs", "first", "nosuid");
    bundle.mount("/mnt/twice", "tmpfs", "second", "nodev");
    bundle.mount("/srv/link/x", "tmpfs", "tmpfs");
    bundle.mount("/srv/dangling", "tmpfs", "tmpfs");
    bundle.mount("/srv/outside", "tmpfs", "tmpfs");
    bundle.mount("/srv/../srv/./dots", "tmpfs", "tmpfs");
    bundle.mount("srv/relative", "tmpfs", "tmpfs");
    bundle.mount("/srv/filled", "tmpfs", "tmpfs", "tmpcopyup");
    script.add("ask tree-file cat /mnt/tree/given");
    script.add("ask tree-below cat /mnt/tree/sub/below/given");
    script.add("mounted twice /mnt/twice");
    script.add("mounted linked /srv/real/x");
    script.add("mounted dangling /srv/made");
    script.add("mounted outside /srv/inside");
    script.add("mounted dots /srv/dots");
    script.add("mounted relative /srv/relative");
    script.add("ask filled cat /srv/filled/deep/file");
    script.add("ask filled-mode stat -c %a /srv/filled");
    script.add("ask missing-mode stat -c %a /mnt/noatime");
  }

  private void addWhatOldRuncLacks() {
    tmpfs("nosymfollow", "nosymfollow", "noexec");
    tmpfs("recursively", "rro", "rnosuid", "rnoatime");
    tmpfs(
        "symfollow",
        "nosymfollow",
        "symfollow",
        "rstrictatime",
        "rw",
        "rrw",
        "rdev",
        "rexec",
        "rsuid");
    bind("bound-nosymfollow", folder, "bind", "rnosymfollow");
    bind("bound-file-recursively", file, "bind", "rro");
    script.add("ask link cat /mnt/bound/link");
    script.add("ask no-link cat /mnt/bound-nosymfollow/link");
    script.add(
        "ask remount sh -c 'mount -o remount,bind,rw /mnt/bound-restricted; echo x > /mnt/bound-restricted/forced'");
    bundle.edit(
        c ->
            c.with(
                "mounts",
                ((JsonArray) c.get("mounts").orElseThrow()).with(mapped("/mnt/mapped", owned))));
    script.add("ask mapped sh -c 'stat -c %u:%g /mnt/mapped/given; chown 1001:2001 /mnt/mapped'");
  }

  private static JsonObject mapped(String destination, Path source) {
    return Json.object(
        "{\"destination\": \""
            + destination
            + "\", \"type\": \"bind\", \"source\": \""
            + source
            + "\", \"options\": [\"bind\"],"
            + " \"uidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 10}],"
            + " \"gidMappings\": [{\"containerID\": 0, \"hostID\": 2000, \"size\": 10}]}");
  }

  @Test
  void aFileSystemHasItsFlags() {
    Answers answers = answers();
    answers.match("^rw,noatime - ", "noatime");
    answers.match("^rw - tmpfs", "strictatime");
    answers.match("^rw,nodiratime,relatime - ", "nodiratime");
    answers.match("^rw,nosuid,nodev,noexec,relatime - ", "restricted");
    answers.match(" rw,sync", "sync");
    answers.match(" rw,dirsync", "dirsync");
    answers.match(" rw,lazytime", "lazytime");
    answers.match("^ro,relatime - ", "readonly");
    answers.match("Read-only file system$", "readonly-write");
  }

  @Test
  void ofOptionsThatContradictEachOtherTheLastOneHolds() {
    answers().match("^rw,relatime - tmpfs tmpfs rw(,mode=\\d+)?$", "rw", "exec", "async", "atime");
    answers().match("^rw,relatime - ", "bound-rw");
  }

  @Test
  void optionsThatAskForNothingAreTaken() {
    answers().match("^rw,relatime - tmpfs tmpfs rw", "nothing");
  }

  @Test
  void aFileSystemHasItsOwnOptions() {
    answers().match(" rw,size=1024k,nr_inodes=77,mode=700,uid=5,gid=6$", "sized");
  }

  @Test
  void aRemountChangesWhatIsThere() {
    answers().match("^rw,nosuid,relatime - tmpfs tmpfs rw,size=2048k", "changed");
  }

  @Test
  void everyTypeOfFileSystemIsThere() {
    Answers answers = answers();
    answers.match("^rw,nosuid,nodev,noexec,relatime - mqueue ", "mqueue");
    answers.are("q", "queue");
    answers.are("ptmx", "terminals");
    answers.match("^ro,nosuid,nodev,noexec,relatime - sysfs ", "sysfs");
    answers.match("^rw,relatime - proc ", "proc");
    answers.match("^[1-9]\\d*$", "cgroup");
    assertTrue(answers.to("ramfs").length() > 0);
  }

  @Test
  void aBindHasItsFlags() {
    Answers answers = answers();
    answers.are("given", "bound");
    answers.match("^rw,noatime,nodiratime - ", "bound-noatime");
    answers.match("^ro,nosuid,nodev,noexec,relatime - ", "bound-restricted", "bound-recursively");
    answers.match("^rw,relatime - ", "bound-sync");
    answers.match("Read-only file system$", "bound-write");
  }

  @Test
  void aMissingDestinationIsMade() throws Exception {
    Answers answers = answers();
    answers.are("the file", "file-read");
    answers.match("Read-only file system$", "file-write");
    assertEquals("the file\n", Files.readString(file));
    assertEquals("", Files.readString(bundle.rootfs().resolve("mnt/deep/in/nowhere/file")));
  }

  @Test
  void propagationIsOfTheMount() {
    Answers answers = answers();
    answers.match("^rw,relatime shared:\\d+ - ", "shared");
    answers.match("^rw,relatime unbindable - ", "unbindable");
    answers.match("^rw,relatime - ", "slave");
  }

  @Test
  void mountsLieOnEachOtherInTheirOrder() throws Exception {
    Answers answers = answers();
    answers.are("the file", "tree-file");
    answers.are("given", "tree-below");
    answers.match("^rw,nodev,relatime - tmpfs second ", "twice");
    assertEquals("given\n", Files.readString(folder.resolve("given")));
  }

  @Test
  void linksOnTheWayStayInTheRootFilesystem() {
    answers().match("^rw,relatime - tmpfs ", "linked", "dangling", "outside", "dots");
  }

  @Test
  void aRelativeDestinationIsTakenFromTheRoot() {
    answers().match("^rw,relatime - tmpfs ", "relative");
  }

  @Test
  void aTmpfsIsFilledWithWhatItCovers() {
    answers().are("copied", "filled");
  }

  @Test
  void aTmpfsHasThePermissionsOfWhatItCovers() {
    answers().are("2751", "filled-mode");
    answers().are("1777", "missing-mode");
  }

  @Test
  void whatTheHostMountsLaterIsSeenBelowASlaveOnly() throws Exception {
    sandbox.hostCommand(
        List.of("mount", "-t", "tmpfs", "tmpfs", followed.resolve("sub").toString()),
        List.of("umount", "--lazy", followed.resolve("sub").toString()));
    Files.writeString(followed.resolve("sub/new"), "");
    Files.writeString(folder.resolve("later"), "");
    Await.until("it is seen", () -> OciRuntime.text(output).contains("done: now\n"));
    answers().are("new", "followed");
    answers().are("", "private");
  }

  @Test
  @VmOnly
  void linksAreNotFollowedWhereTheyAreNotTo() {
    Answers answers = answers();
    answers.match("^rw,noexec,relatime,nosymfollow - ", "nosymfollow");
    answers.match("^rw - tmpfs", "symfollow");
    answers.are("given", "link");
    answers.match("(Too many|Symbolic).*link", "no-link");
  }

  @Test
  @VmOnly
  void recursiveOptionsHoldForFileSystemsAndFilesToo() {
    answers().match("^ro,nosuid,noatime - ", "recursively");
    answers().match("^ro,relatime - ", "bound-file-recursively");
  }

  @Test
  @VmOnly
  void aReadOnlyFolderStaysSoWhateverIsMountedInside() throws Exception {
    answers().match("Read-only file system$", "remount");
    assertTrue(Files.notExists(folder.resolve("forced")));
  }

  @Test
  @VmOnly
  void ownersAreMapped() throws Exception {
    answers().are("1000:2000", "mapped");
    assertEquals(1, Files.getAttribute(owned, "unix:uid"));
    assertEquals(1, Files.getAttribute(owned, "unix:gid"));
  }

  private void assertRefused(String reason, TestBundle refused) throws Exception {
    sandbox
        .runtime()
        .refuses(reason, "create", "--bundle", refused.write().toString(), sandbox.id());
  }

  @Test
  void anUnknownOptionOfAFileSystemIsAnError() throws Exception {
    assertRefused(
        "invalid argument",
        sandbox.bundle().mount("/mnt/x", "tmpfs", "tmpfs", "bogus").script("true"));
  }

  @Test
  @VmOnly
  void anUnknownOptionOfABindIsAnError() throws Exception {
    assertRefused(
        "config.json: mounts[7].options[1]: can't be had: a bind has no options of a file system,"
            + " found \"bogus\"",
        sandbox.bundle().mount("/mnt/x", "bind", folder.toString(), "bind", "bogus"));
  }

  @Test
  @VmOnly
  void aBindThatWouldShareItsMountsWithTheHostIsRefused() throws Exception {
    assertRefused(
        "config.json: mounts[7].options[0]: can't be had: what is mounted inside a virtual machine"
            + " can't appear on the host, found \"rshared\"",
        sandbox.bundle().mount("/mnt/x", "bind", folder.toString(), "rshared", "rbind"));
  }

  @Test
  @VmOnly
  void ownersOfWhatCannotMapThemAreRefusedByItsName() throws Exception {
    // The kernel maps owners in one mount once.
    TestBundle wrong =
        sandbox
            .bundle()
            .edit(
                c ->
                    c.with(
                        "mounts",
                        ((JsonArray) c.get("mounts").orElseThrow())
                            .with(mapped("/mnt/x", Path.of("/proc/sys")))));
    assertRefused("bind: /proc/sys: its owners can't be mapped: Invalid argument", wrong);
  }
}
