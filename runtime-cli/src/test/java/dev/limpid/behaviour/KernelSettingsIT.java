package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonArray;
import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonValue;
import dev.limpid.oci.json.JsonWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** What the kernel is told of a container and its processes. One container has it all. */
@TestInstance(Lifecycle.PER_CLASS)
final class KernelSettingsIT {
  /** Limits that may be lowered without any privilege, with what they are called in /proc. */
  private static final String[][] LIMITS = {
    {"AS", "Max address space", "1099511627776", "2199023255552"},
    {"CORE", "Max core file size", "1", "2"},
    {"CPU", "Max cpu time", "1000", "2000"},
    {"DATA", "Max data size", "1099511627776", "1099511627777"},
    {"FSIZE", "Max file size", "1073741824", "2147483648"},
    {"LOCKS", "Max file locks", "5", "6"},
    {"MEMLOCK", "Max locked memory", "4096", "8192"},
    {"MSGQUEUE", "Max msgqueue size", "1000", "2000"},
    {"NICE", "Max nice priority", "0", "0"},
    {
      "NOFILE",
      "Max open files",
      "100",
      // More than a kernel allows at first; on the host it would take a privilege.
      OciRuntime.runsVirtualMachines() ? "1073741816" : "200"
    },
    {"NPROC", "Max processes", "300", "400"},
    {"RSS", "Max resident set", "1073741824", "1073741825"},
    {"RTPRIO", "Max realtime priority", "0", "0"},
    {"RTTIME", "Max realtime timeout", "1000000", "10000000"},
    {"SIGPENDING", "Max pending signals", "44", "55"},
    {"STACK", "Max stack size", "1048576", "2097152"},
  };

  /** Of /proc/<pid>/stat: the real-time priority and the policy. */
  private static final String POLICY = "awk '{ print $40, $41 }' /proc/self/stat";

  private Sandbox sandbox;
  private String id;
  private Answers answers;

  @BeforeAll
  void ask() throws Exception {
    sandbox = Sandbox.open();
    TestBundle bundle =
        sandbox
            .bundle()
            .withoutNamespaces("uts", "ipc")
            .edit(c -> c.without("hostname"))
            .capabilities(
                List.of("bounding", "effective", "permitted"), "CAP_KILL", "CAP_OF_TOMORROW")
            .process(KernelSettingsIT::process)
            .linux(KernelSettingsIT::linux)
            .script(
                Answers.ASK,
                Answers.MOUNT,
                "mounted root /",
                "ask limits sh -c 'sed \"s/  */ /g\" /proc/self/limits | tr \"\\n\" \"|\"'",
                "ask capabilities awk '/^CapEff:/ { print $2 }' /proc/self/status",
                "ask hostname hostname",
                "ask machine uname -m",
                "ask forwarding cat /proc/sys/net/ipv4/ip_forward",
                "ask swappiness cat /proc/sys/vm/swappiness",
                "ask message cat /proc/sys/kernel/msgmax",
                "ask offsets sh -c 'cat /proc/self/timens_offsets | tr -s \" \" \" \"'",
                "ask uptime sh -c 'read up rest < /proc/uptime; [ ${up%.*} -ge 200000 ] && echo long'",
                "ask policy " + POLICY,
                "ask io ionice -p 1",
                "ask masked-folder sh -c 'ls -A /mnt/masked | wc -l'",
                "ask masked-write sh -c 'echo x > /mnt/masked/new'",
                "ask masked-file sh -c 'wc -c < /etc/plain'",
                "ask readonly-folder sh -c 'echo x > /mnt/readonly/new'",
                "ask readonly-read cat /mnt/readonly/there",
                "ask readonly-file sh -c 'echo x >> /etc/frozen'",
                "echo ready: now",
                "exec sleep 1000");
    for (String name : List.of("masked", "readonly")) {
      Path folder = Files.createDirectories(bundle.rootfs().resolve("mnt").resolve(name));
      Files.writeString(folder.resolve("there"), "text\n");
    }
    Files.writeString(bundle.rootfs().resolve("etc/frozen"), "");
    id = sandbox.id();
    Path output = sandbox.runtime().createAndStart(id, bundle.write());
    Await.until("it has spoken", () -> OciRuntime.text(output).contains("ready: now\n"));
    answers = Answers.in(OciRuntime.text(output));
  }

  private static JsonObject process(JsonObject process) {
    List<JsonValue> limits = new ArrayList<>();
    for (String[] limit : LIMITS) {
      limits.add(
          Json.object(
              "{\"type\": \"RLIMIT_"
                  + limit[0]
                  + "\", \"soft\": "
                  + limit[2]
                  + ", \"hard\": "
                  + limit[3]
                  + "}"));
    }
    JsonObject changed = process.with("rlimits", new JsonArray(limits));
    if (!OciRuntime.runsVirtualMachines()) {
      return changed;
    }
    return changed
        .with("scheduler", Json.object("{\"policy\": \"SCHED_RR\", \"priority\": 7}"))
        .with("ioPriority", Json.object("{\"class\": \"IOPRIO_CLASS_BE\", \"priority\": 6}"));
  }

  private static JsonObject linux(JsonObject linux) {
    JsonObject changed =
        linux
            .with("rootfsPropagation", "shared")
            .with("maskedPaths", Json.strings("/mnt/masked", "/etc/plain", "/mnt/missing"))
            .with("readonlyPaths", Json.strings("/mnt/readonly", "/etc/frozen", "/mnt/missing"))
            .with("sysctl", Json.object("{\"net.ipv4.ip_forward\": \"1\"}"));
    if (!OciRuntime.runsVirtualMachines()) {
      return changed;
    }
    List<JsonValue> namespaces =
        new ArrayList<>(((JsonArray) changed.get("namespaces").orElseThrow()).elements());
    namespaces.add(JsonObject.empty().with("type", new JsonString("time")));
    return changed
        .with("namespaces", new JsonArray(namespaces))
        .with("personality", Json.object("{\"domain\": \"LINUX32\"}"))
        .with(
            "timeOffsets",
            Json.object(
                "{\"monotonic\": {\"secs\": 100000, \"nanosecs\": 7},"
                    + " \"boottime\": {\"secs\": 200000}}"))
        .with(
            "sysctl",
            Json.object(
                "{\"net.ipv4.ip_forward\": \"1\", \"vm.swappiness\": \"17\","
                    + " \"kernel.msgmax\": \"9000\"}"));
  }

  @AfterAll
  void close() throws Exception {
    sandbox.close();
  }

  @Test
  void everyLimitHolds() {
    String found = answers.to("limits");
    for (String[] limit : LIMITS) {
      String line = "|" + limit[1] + " " + limit[2] + " " + limit[3] + " ";
      assertTrue(found.contains(line), () -> line + ": not in " + found);
    }
  }

  @Test
  void aCapabilityThatNobodyKnowsIsLeftOut() {
    answers.are("0000000000000020", "capabilities");
  }

  @Test
  void withoutANamespaceForItTheHostnameIsTheHosts() throws Exception {
    answers.are(Files.readString(Path.of("/proc/sys/kernel/hostname")).strip(), "hostname");
  }

  @Test
  void sysctlsOfItsNamespacesAreSet() {
    answers.are("1", "forwarding");
  }

  @Test
  @VmOnly
  void theRootIsAsItIsToBePropagated() {
    // runc makes it so for what is mounted on the host only.
    answers.match("^rw,relatime shared:\\d+ - ", "root");
  }

  @Test
  void pathsAreMaskedFoldersAndFilesAlike() {
    answers.are("0", "masked-folder", "masked-file");
    answers.match("Read-only file system$", "masked-write");
  }

  @Test
  void pathsAreReadOnlyFoldersAndFilesAlike() {
    answers.match("Read-only file system$", "readonly-folder", "readonly-file");
    answers.are("text", "readonly-read");
  }

  @Test
  @VmOnly
  void sysctlsOfTheVirtualMachineAreSet() {
    answers.are("17", "swappiness");
    answers.are("9000", "message");
  }

  @Test
  @VmOnly
  void thePersonalityIsAnother() {
    answers.are("i686", "machine");
  }

  @Test
  @VmOnly
  void clocksAreSetOff() {
    answers.are("monotonic 100000 7 boottime 200000 0", "offsets");
    answers.are("long", "uptime");
  }

  @Test
  @VmOnly
  void theFirstProcessIsScheduledAsAskedFor() {
    // Its children inherit it.
    answers.are("7 2", "policy");
    answers.are("best-effort: prio 6", "io");
  }

  /**
   * Has a process tell its priorities.
   *
   * @param policy the policy that it waits for, as what is not inherited is set when it has begun;
   *     what should have none set waits for that a while in vain
   */
  private Outcome execScheduled(int policy, String members) throws Exception {
    String enough = policy == 0 ? "$i = 5" : "${told#* } = " + policy;
    JsonObject process =
        Json.object(
            "{\"cwd\": \"/\", \"env\": [\"PATH=/bin\"], \"args\": [\"/bin/sh\", \"-c\", "
                + "\"ionice -p $$; for i in $(seq 300); do sleep 0.1;"
                + " told=$(awk '{ print $40, $41 }' /proc/$$/stat);"
                + (" [ " + enough + " ] && break; done; echo $told\"]")
                + members
                + "}");
    Path file = sandbox.path("process");
    Files.writeString(file, JsonWriter.compact().write(process));
    return sandbox.runtime().call("exec", "--process", file.toString(), id);
  }

  @Test
  @VmOnly
  void aSecondProcessIsScheduledAsAskedFor() throws Exception {
    Outcome outcome =
        execScheduled(
            1,
            ", \"scheduler\": {\"policy\": \"SCHED_FIFO\", \"priority\": 3},"
                + " \"ioPriority\": {\"class\": \"IOPRIO_CLASS_IDLE\", \"priority\": 0}");

    assertEquals(List.of("idle", "3 1"), List.of(outcome.succeeded().lines()));
  }

  @Test
  @VmOnly
  void aSecondProcessCanBeADeadlineTask() throws Exception {
    Outcome outcome =
        execScheduled(
            6,
            ", \"scheduler\": {\"policy\": \"SCHED_DEADLINE\", \"runtime\": 10000000,"
                + " \"deadline\": 100000000, \"period\": 100000000,"
                + " \"flags\": [\"SCHED_FLAG_RESET_ON_FORK\"]}");

    assertTrue(outcome.succeeded().out().endsWith("0 6\n"), outcome::toString);
  }

  @Test
  @VmOnly
  void aSecondProcessIsAsUsualAfterwards() throws Exception {
    execScheduled(3, ", \"scheduler\": {\"policy\": \"SCHED_BATCH\", \"nice\": 11}").succeeded();

    assertEquals(List.of("none: prio 0", "0 0"), List.of(execScheduled(0, "").succeeded().lines()));
  }

  private void assertRefused(String reason, TestBundle bundle) throws Exception {
    sandbox
        .runtime()
        .refuses(
            "config.json: " + reason,
            "create",
            "--bundle",
            bundle.write().toString(),
            sandbox.id());
  }

  @Test
  @VmOnly
  void whatAVirtualMachineCanNotHaveIsRefusedByName() throws Exception {
    assertRefused(
        "process.execCPUAffinity: not supported",
        sandbox
            .bundle()
            .process(p -> p.with("execCPUAffinity", Json.object("{\"initial\": \"0\"}"))));
    assertRefused(
        "process.user.username: not supported",
        sandbox
            .bundle()
            .process(p -> p.with("user", Json.object("{\"uid\": 0, \"username\": \"joe\"}"))));
    assertRefused(
        "linux.intelRdt: not supported",
        sandbox.bundle().linux(l -> l.with("intelRdt", Json.object("{\"closID\": \"x\"}"))));
    assertRefused(
        "linux.memoryPolicy: not supported",
        sandbox.bundle().linux(l -> l.with("memoryPolicy", Json.object("{\"mode\": \"x\"}"))));
    assertRefused(
        "linux.netDevices: not supported",
        sandbox.bundle().linux(l -> l.with("netDevices", Json.object("{\"eth0\": {}}"))));
    assertRefused(
        "linux.personality.flags: not supported",
        sandbox
            .bundle()
            .linux(
                l ->
                    l.with(
                        "personality",
                        Json.object("{\"domain\": \"LINUX\", \"flags\": [\"X\"]}"))));
    assertRefused(
        "linux.sysctl[\"kernel.hostname\"]: can't be set",
        sandbox.bundle().linux(l -> l.with("sysctl", Json.object("{\"kernel.hostname\": \"x\"}"))));
    assertRefused(
        "process.scheduler.priority: must be above 0",
        sandbox
            .bundle()
            .process(
                p ->
                    p.with(
                        "scheduler",
                        Json.object("{\"policy\": \"SCHED_BATCH\", \"priority\": 1}"))));
  }

  @Test
  void aHostnameNeedsANamespace() throws Exception {
    Path bundle = sandbox.bundle().withoutNamespaces("uts").write();

    sandbox
        .runtime()
        .refuses("UTS namespace", "create", "--bundle", bundle.toString(), sandbox.id());
  }

  @Test
  void aLimitThatNobodyKnowsIsRefused() throws Exception {
    Path bundle =
        sandbox
            .bundle()
            .process(
                p ->
                    p.with(
                        "rlimits",
                        JsonArray.of(
                            Json.object("{\"type\": \"RLIMIT_X\", \"soft\": 1, \"hard\": 1}"))))
            .write();

    sandbox.runtime().refuses("rlimit", "create", "--bundle", bundle.toString(), sandbox.id());
  }

  @Test
  @VmOnly
  void aSysctlThatTheVirtualMachineHasNotIsAnError() throws Exception {
    Path bundle =
        sandbox
            .bundle()
            .linux(l -> l.with("sysctl", Json.object("{\"vm.of_tomorrow\": \"1\"}")))
            .write();

    sandbox
        .runtime()
        .refuses(
            "write `1` to /proc/sys/vm/of_tomorrow: No such file or directory",
            "create",
            "--bundle",
            bundle.toString(),
            sandbox.id());
  }
}
