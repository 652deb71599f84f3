package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** What a program finds about itself and around it. One container is asked everything. */
@TestInstance(Lifecycle.PER_CLASS)
final class EnvironmentIT {
  private static final String[] CAPABILITIES = {"CAP_KILL", "CAP_NET_BIND_SERVICE"};

  private final Map<String, String> answers = new LinkedHashMap<>();
  private Sandbox sandbox;

  @BeforeAll
  void ask() throws Exception {
    sandbox = Sandbox.open();
    TestBundle bundle =
        sandbox
            .bundle()
            .env("VARIABLE=a value with = and ' in it")
            .process(EnvironmentIT::process)
            .capabilities(
                List.of("bounding", "effective", "inheritable", "permitted", "ambient"),
                CAPABILITIES)
            .linux(EnvironmentIT::linux)
            .edit(EnvironmentIT::wholeConfig)
            .script(
                // In one line, whatever it says.
                "ask() { name=$1; shift; echo \"$name:\" $(\"$@\" 2>&1); }",
                "ask pid echo $$",
                "ask variable echo \"$VARIABLE\"",
                "ask path echo \"$PATH\"",
                "ask environment sh -c 'env | grep -v -e ^PWD= -e ^OLDPWD= -e ^SHLVL= | wc -l'",
                "ask directory pwd",
                "ask uid id -u",
                "ask gid id -g",
                "ask gids id -G",
                "ask umask umask",
                "ask hostname hostname",
                "ask files-soft sh -c 'ulimit -S -n'",
                "ask files-hard sh -c 'ulimit -H -n'",
                "ask core sh -c 'ulimit -c'",
                "for set in Inh Prm Eff Bnd Amb; do",
                "  ask capabilities-$set awk \"/^Cap$set:/ { print \\$2 }\" /proc/self/status",
                "done",
                "ask privileges awk '/^NoNewPrivs:/ { print $2 }' /proc/self/status",
                "ask oom cat /proc/self/oom_score_adj",
                "ask forwarding cat /proc/sys/net/ipv4/ip_forward",
                "ask message cat /proc/sys/kernel/msgmax",
                "ask interfaces ls /sys/class/net",
                "ask loopback sh -c 'ip addr show lo | grep -c -F 127.0.0.1/8'",
                "for device in null zero full random urandom tty ptmx; do",
                "  ask device-$device sh -c \"[ -c /dev/$device ] && echo there\"",
                "done",
                "ask fd readlink /dev/fd",
                "ask processes sh -c 'cd /proc; echo [0-9]* | wc -w'",
                "ask shared-memory sh -c 'wc -l < /proc/sysvipc/shm'",
                "ask messages sh -c 'wc -l < /proc/sysvipc/msg'",
                "ask domainname cat /proc/sys/kernel/domainname",
                "ask argument sh -c 'tr \"\\0\" \"|\" < /proc/1/cmdline'",
                "ask masked sh -c 'wc -c < /etc/plain'",
                "ask masked-folder sh -c 'ls /etc/hidden | wc -l'",
                "ask masked-write sh -c 'echo x > /etc/hidden/new'",
                "ask frozen-file sh -c 'echo x >> /etc/frozen'",
                "ask frozen-folder sh -c 'echo x > /etc/kept/new'",
                "ask kept cat /etc/kept/file /etc/frozen",
                "ask beside sh -c 'echo x > /etc/new && cat /etc/new'",
                "ask frozen sh -c 'echo 1 > /proc/sys/kernel/domainname'",
                "ask seccomp mkdir /tmp/new");
    Path etc = bundle.rootfs().resolve("etc");
    Files.writeString(Files.createDirectory(etc.resolve("hidden")).resolve("file"), "hidden\n");
    Files.writeString(Files.createDirectory(etc.resolve("kept")).resolve("file"), "kept\n");
    Files.writeString(etc.resolve("frozen"), "frozen\n");
    // It is their being read-only that shall stop a user, and nothing else.
    for (Path path : List.of(etc, etc.resolve("kept"), etc.resolve("frozen"))) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
    }
    bundle.process(
        p -> p.with("args", ((JsonArray) p.get("args").orElseThrow()).with(new JsonString(""))));
    Outcome outcome =
        sandbox
            .runtime()
            .call("run", "--bundle", bundle.write().toString(), sandbox.id())
            .succeeded();
    for (String line : outcome.lines()) {
      int colon = line.indexOf(':');
      answers.put(line.substring(0, colon), line.substring(colon + 1).strip());
    }
  }

  private static JsonObject wholeConfig(JsonObject config) {
    return config
        .with("hostname", "box")
        .with("domainname", "example.com")
        .with("solaris", Json.object("{\"milestone\": \"none\"}"))
        .with("windows", Json.object("{\"layerFolders\": [\"C:\\\\layer\"]}"))
        .with("zos", Json.object("{\"namespaces\": []}"))
        .with("org.example.unknown", Json.object("{\"member\": 1}"));
  }

  private static JsonObject process(JsonObject process) {
    return process
        .with(
            "user",
            Json.object(
                "{\"uid\": 1000, \"gid\": 1001, \"umask\": 23, \"additionalGids\": [5, 1002]}"))
        .with("commandLine", "a line for Windows")
        .with("cwd", "/mnt/made/on/the/way")
        .with(
            "rlimits",
            JsonArray.of(
                Json.object("{\"type\": \"RLIMIT_NOFILE\", \"soft\": 512, \"hard\": 768}"),
                Json.object("{\"type\": \"RLIMIT_CORE\", \"soft\": 0, \"hard\": 0}")))
        .with("oomScoreAdj", 123);
  }

  private static JsonObject linux(JsonObject linux) {
    JsonArray masked = (JsonArray) linux.get("maskedPaths").orElseThrow();
    return linux
        .with(
            "maskedPaths",
            masked
                .with(new JsonString("/etc/plain"))
                .with(new JsonString("/etc/hidden"))
                .with(new JsonString("/etc/no-such-file")))
        .with(
            "readonlyPaths",
            ((JsonArray) linux.get("readonlyPaths").orElseThrow())
                .with(new JsonString("/etc/frozen"))
                .with(new JsonString("/etc/kept"))
                .with(new JsonString("/etc/no-such-folder/file")))
        .with(
            "sysctl", Json.object("{\"net.ipv4.ip_forward\": \"1\", \"kernel.msgmax\": \"65000\"}"))
        .with(
            "seccomp",
            Json.object(
                "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86_64\"],"
                    + " \"syscalls\": [{\"names\": [\"mkdir\", \"mkdirat\"],"
                    + " \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 28}]}"));
  }

  @AfterAll
  void close() throws Exception {
    sandbox.close();
  }

  private void assertAnswer(String expected, String question) {
    assertEquals(expected, answers.get(question), question);
  }

  @Test
  void itIsTheFirstOfItsProcesses() {
    assertAnswer("1", "pid");
  }

  @Test
  void theEnvironmentIsTheBundlesAndNothingElse() {
    assertAnswer("a value with = and ' in it", "variable");
    assertAnswer("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "path");
    // PATH, TERM, VARIABLE; HOME is what runtimes add if it is missing.
    assertAnswer("4", "environment");
  }

  @Test
  void theWorkingDirectoryIsMadeIfItIsMissing() {
    assertAnswer("/mnt/made/on/the/way", "directory");
  }

  @Test
  void argumentsArriveAsTheyAreEmptyOnesToo() {
    String line = answers.get("argument");
    assertTrue(line.startsWith("/bin/sh|-c|ask() {"), line);
    assertTrue(line.endsWith("||"), line);
  }

  @Test
  void theUserIsTheBundles() {
    assertAnswer("1000", "uid");
    assertAnswer("1001", "gid");
  }

  @Test
  void theGroupsAreTheBundles() {
    assertAnswer("1001 5 1002", "gids");
  }

  @Test
  void theUmaskIsTheBundles() {
    assertAnswer("0027", "umask");
  }

  @Test
  void theHostnameIsItsOwn() {
    assertAnswer("box", "hostname");
  }

  @Test
  void theDomainNameIsItsOwn() {
    assertAnswer("example.com", "domainname");
  }

  /** That it ran at all is the proof. */
  @Test
  void whatIsForOtherSystemsOrUnknownIsPassedOver() {
    assertAnswer("1", "pid");
  }

  @Test
  void limitsHold() {
    assertAnswer("512", "files-soft");
    assertAnswer("768", "files-hard");
    assertAnswer("0", "core");
  }

  @Test
  void theOomScoreIsTheBundles() {
    assertAnswer("123", "oom");
  }

  @Test
  void capabilitiesAreThoseOfTheBundle() {
    for (String set : List.of("Inh", "Prm", "Eff", "Bnd", "Amb")) {
      // Bits 5 and 10.
      assertAnswer("0000000000000420", "capabilities-" + set);
    }
  }

  @Test
  void privilegesCannotBeGained() {
    assertAnswer("1", "privileges");
  }

  @Test
  void sysctlsAreSet() {
    assertAnswer("1", "forwarding");
    assertAnswer("65000", "message");
  }

  @Test
  void theNetworkIsItsOwn() {
    assertTrue(answers.get("interfaces").contains("lo"), answers::toString);
    assertAnswer("1", "loopback");
  }

  @Test
  void processesOfTheContainerSeeOneAnotherOnly() {
    // The script and the shells that ask.
    assertTrue(Integer.parseInt(answers.get("processes")) <= 5, answers::toString);
  }

  @Test
  void sharedMemoryAndMessagesAreItsOwn() {
    // Nothing but the heading.
    assertAnswer("1", "shared-memory");
    assertAnswer("1", "messages");
  }

  @Test
  void theUsualDevicesAreThere() {
    for (String device : List.of("null", "zero", "full", "random", "urandom", "tty", "ptmx")) {
      assertAnswer("there", "device-" + device);
    }
    assertAnswer("/proc/self/fd", "fd");
  }

  @Test
  void aMaskedFileIsEmpty() {
    assertAnswer("0", "masked");
  }

  @Test
  void aMaskedFolderIsEmptyAndCannotBeWritten() {
    assertAnswer("0", "masked-folder");
    assertReadOnly("masked-write");
  }

  @Test
  void aReadOnlyPathCanBeReadAlone() {
    assertReadOnly("frozen");
    assertReadOnly("frozen-file");
    assertReadOnly("frozen-folder");
    assertAnswer("kept frozen", "kept");
  }

  @Test
  void whatIsBesideAReadOnlyPathCanBeWritten() {
    assertAnswer("x", "beside");
  }

  private void assertReadOnly(String question) {
    assertTrue(answers.get(question).contains("Read-only file system"), answers::toString);
  }

  @Test
  void systemCallsAreFiltered() {
    assertTrue(answers.get("seccomp").contains("No space left on device"), answers::toString);
  }
}
