package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Control groups on the host, and the limits that hold there and for the container. */
final class CgroupIT extends Behaviour {
  /** What the container's own group says of its limit of memory, wherever it sees its group. */
  private static final String OWN_LIMIT =
      "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null";

  private String id;
  private Path parent;
  private Path path;

  @BeforeEach
  void name() {
    id = sandbox().id();
    parent = Path.of("/").resolve(sandbox().directory().getFileName());
    path = parent.resolve(id);
  }

  /** The runtime removes the container's group, and not what lies above. */
  @AfterEach
  void onlyTheParentIsLeft() throws Exception {
    for (String each : runtime().call("list", "-q").succeeded().lines()) {
      runtime().call("delete", "--force", each).succeeded();
    }
    List<Path> left = new ArrayList<>();
    for (Path mountPoint : mountPoints()) {
      Path group = Path.of(mountPoint + parent.toString());
      if (Files.isDirectory(group)) {
        try (Stream<Path> inside = Files.list(group)) {
          inside.filter(Files::isDirectory).forEach(left::add);
        }
        for (Path each : left) {
          Files.delete(each);
        }
        Files.delete(group);
      }
    }
    assertEquals(List.of(), left);
  }

  private static List<Path> mountPoints() throws IOException {
    if (HostGroup.isOfVersionTwo()) {
      return List.of(HostGroup.mountPoint("memory"));
    }
    try (Stream<Path> all = Files.list(Path.of("/sys/fs/cgroup"))) {
      return all.filter(Files::isDirectory).filter(each -> !Files.isSymbolicLink(each)).toList();
    }
  }

  private TestBundle bundle(String... lines) throws Exception {
    return sandbox()
        .bundle()
        .linux(linux -> linux.with("cgroupsPath", path.toString()))
        .script(lines);
  }

  private static TestBundle limited(TestBundle bundle, String resources) {
    return bundle.linux(
        linux -> linux.with("resources", Json.object(resources.replace('\'', '"'))));
  }

  private long pid() throws Exception {
    return runtime().state(id).required("pid").asInteger(1, Integer.MAX_VALUE);
  }

  private Path group(String controller) {
    return Path.of(HostGroup.mountPoint(controller) + path.toString());
  }

  @Test
  void processesAreWhereThePathSays() throws Exception {
    runtime().createAndStart(id, bundle("exec sleep 1000").write());
    for (String controller : List.of("memory", "cpu", "pids", "cpuset", "blkio")) {
      assertEquals(group(controller), HostGroup.of(pid(), controller));
    }
    for (ProcessHandle each : HostProcesses.family(pid())) {
      assertEquals(group("memory"), HostGroup.of(each.pid(), "memory"));
    }
    runtime().call("delete", "--force", id).succeeded();
    assertFalse(Files.exists(group("memory")));
  }

  @Test
  void aRelativePathBeginsAtTheCallersGroup() throws Exception {
    String relative = sandbox().directory().getFileName() + "-relative";
    runtime()
        .createAndStart(
            id,
            sandbox()
                .bundle()
                .linux(linux -> linux.with("cgroupsPath", relative))
                .script("exec sleep 1000")
                .write());
    Path own = HostGroup.of(ProcessHandle.current().pid(), "memory");
    Path from = HostGroup.isOfVersionTwo() ? own.getParent() : own;
    assertEquals(from.resolve(relative), HostGroup.of(pid(), "memory"));
    runtime().call("delete", "--force", id).succeeded();
    assertFalse(Files.exists(from.resolve(relative)));
  }

  @Test
  void withoutAPathTheGroupHasTheContainersName() throws Exception {
    runtime().createAndStart(id, script("exec sleep 1000"));
    assertEquals(id, HostGroup.of(pid(), "memory").getFileName().toString());
  }

  @Test
  void aSecondProcessIsThereToo() throws Exception {
    runtime().createAndStart(id, bundle("exec sleep 1000").write());
    int before = HostGroup.processes(group("memory")).size();
    Path pidFile = sandbox().path("pid");
    runtime()
        .call("exec", "--detach", "--pid-file", pidFile.toString(), id, "sleep", "1000")
        .succeeded();
    long pid = Long.parseLong(Files.readString(pidFile));
    assertEquals(group("memory"), HostGroup.of(pid, "memory"));
    assertEquals(before + 1, HostGroup.processes(group("memory")).size());
  }

  @Test
  void nothingIsLeftOfAContainerThatCannotBeMade() throws Exception {
    Path directory = bundle("true").args("/bin/no-such-program").write();
    runtime().call("create", "--bundle", directory.toString(), id).exited(1);
    assertFalse(Files.exists(group("memory")));
  }

  @Test
  void nothingIsLeftOfAContainerThatHasDied() throws Exception {
    runtime().createAndStart(id, bundle("exec sleep 1000").write());
    HostProcesses.kill(HostProcesses.of(pid()));
    runtime().awaitStatus(id, "stopped");
    runtime().call("delete", id).succeeded();
    assertFalse(Files.exists(group("memory")));
  }

  @Test
  @VmOnly
  void aGroupThatIsInUseIsRefused() throws Exception {
    Path group = Files.createDirectories(group("memory"));
    Process other = sandbox().start(new ProcessBuilder("sleep", "1000"));
    Files.writeString(group.resolve("cgroup.procs"), Long.toString(other.pid()));
    runtime()
        .refuses(
            "container's cgroup is not empty: process " + other.pid() + " is in it",
            "create",
            "--bundle",
            bundle("true").write().toString(),
            id);
    other.destroyForcibly().waitFor();
    Await.until("it is gone", () -> HostGroup.processes(group).isEmpty());
    Files.delete(group);
  }

  @Test
  @VmOnly
  void aGroupThatHoldsOthersIsRefusedAndLeftAsItIs() throws Exception {
    Path group = Files.createDirectories(group("memory"));
    Path below = Files.createDirectory(group.resolve("other"));
    Path empty = Files.createDirectories(group("pids").resolve("other/deep"));
    Process other = sandbox().start(new ProcessBuilder("sleep", "1000"));
    Files.writeString(below.resolve("cgroup.procs"), Long.toString(other.pid()));
    String limit = HostGroup.read(group, "memory.limit_in_bytes", "memory.max");
    runtime()
        .refuses(
            "container's cgroup is not empty: there is a group other in it",
            "create",
            "--bundle",
            limited(bundle("true"), "{'memory':{'limit':67108864}}").write().toString(),
            id);
    assertEquals(limit, HostGroup.read(group, "memory.limit_in_bytes", "memory.max"));
    assertTrue(Files.isDirectory(empty));
    other.destroyForcibly().waitFor();
    Await.until("it is gone", () -> HostGroup.processes(below).isEmpty());
    for (Path each : List.of(empty, empty.getParent(), below, group("pids"), group)) {
      Files.deleteIfExists(each);
    }
  }

  @Test
  @VmOnly
  void aGroupThatWasThereStaysWhenAContainerCannotBeMade() throws Exception {
    Path group = Files.createDirectories(group("memory"));
    Path directory = bundle("true").args("/bin/no-such-program").write();
    runtime().call("create", "--bundle", directory.toString(), id).exited(1);
    Files.delete(group);
  }

  @Test
  void aReaderWhoHasStoppedHoldsUpNoDeletion() throws Exception {
    runtime().createAndStart(id, bundle("exec sleep 1000").write());
    // Its output is a pipe that nobody reads.
    Process exec = sandbox().start(runtime().verb("exec", id, "yes"));
    Await.until("it writes", () -> exec.getInputStream().available() > 0);
    runtime().call("delete", "--force", id).succeeded();
    assertFalse(Files.exists(group("memory")));
    // Of runc's it is the verb itself that nobody reads.
    if (OciRuntime.runsVirtualMachines()) {
      assertTrue(exec.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS));
    }
  }

  @Test
  @VmOnly
  void aPathUpwardsIsRefused() throws Exception {
    path = Path.of("/../outside");
    runtime()
        .refuses(
            "config.json: linux.cgroupsPath: /../outside: must not lead upwards",
            "create",
            "--bundle",
            bundle("true").write().toString(),
            id);
  }

  @Test
  void theContainerSeesExactlyItsLimitOfMemory() throws Exception {
    TestBundle bundle = limited(bundle(OWN_LIMIT), "{'memory':{'limit':67108864}}");
    assertEquals("67108864\n", runtime().call("run", "-b", bundle.write().toString(), id).out());
  }

  @Test
  @VmOnly
  void theVirtualMachineHasAsManyProcessorsAsTheQuotaCovers() throws Exception {
    TestBundle bundle =
        limited(
            bundle("nproc; cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max"),
            "{'cpu':{'quota':150000,'period':100000},'pids':{'limit':40}}");
    int most = Math.min(2, Runtime.getRuntime().availableProcessors());
    assertEquals(
        most + "\n150000 100000\n40\n",
        runtime().call("run", "-b", bundle.write().toString(), id).succeeded().out());
  }

  @Test
  void limitsOfTheHostAreSet() throws Exception {
    TestBundle bundle =
        limited(
            bundle("exec sleep 1000"),
            "{'cpu':{'shares':512,'cpus':'0','mems':'0'},'memory':{'limit':67108864}}");
    runtime().createAndStart(id, bundle.write());
    assertEquals("0", HostGroup.read(group("cpuset"), "cpuset.cpus", "cpuset.cpus"));
    assertEquals("0", HostGroup.read(group("cpuset"), "cpuset.mems", "cpuset.mems"));
    boolean second = HostGroup.isOfVersionTwo();
    assertEquals(second ? "20" : "512", HostGroup.read(group("cpu"), "cpu.shares", "cpu.weight"));
    long limit =
        Long.parseLong(HostGroup.read(group("memory"), "memory.limit_in_bytes", "memory.max"));
    // What runs the container, if it is not the host's own kernel, comes on top.
    assertTrue(limit >= 67108864 && limit < (4L << 30), () -> "limit " + limit);
  }

  @Test
  void updateChangesLimitsOfTheHost() throws Exception {
    TestBundle bundle =
        limited(
            bundle("exec sleep 1000"),
            "{'cpu':{'shares':512,'quota':50000,'period':100000},'memory':{'limit':67108864}}");
    runtime().createAndStart(id, bundle.write());
    runtime()
        .call("update", "--cpu-share", "1024", "--cpuset-cpus", "0", "--memory", "33554432", id)
        .succeeded();
    boolean second = HostGroup.isOfVersionTwo();
    assertEquals(second ? "39" : "1024", HostGroup.read(group("cpu"), "cpu.shares", "cpu.weight"));
    assertEquals("0", HostGroup.read(group("cpuset"), "cpuset.cpus", "cpuset.cpus"));
    assertEquals("33554432\n", runtime().call("exec", id, "sh", "-c", OWN_LIMIT).out());
    runtime().call("update", "--cpu-quota", "-1", id).succeeded();
    assertEquals(
        second ? "max 100000" : "-1", HostGroup.read(group("cpu"), "cpu.cfs_quota_us", "cpu.max"));
  }

  /** None of the two may be written first, and a quarter more than the quota has no room. */
  @Test
  void aQuotaAndItsPeriodChangeTogetherBelowTheSameQuota() throws Exception {
    Path above = Files.createDirectories(group("cpu").getParent());
    boolean second = HostGroup.isOfVersionTwo();
    if (second) {
      Files.writeString(above.resolve("cpu.max"), "50000 100000");
    } else {
      Files.writeString(above.resolve("cpu.cfs_period_us"), "100000");
      Files.writeString(above.resolve("cpu.cfs_quota_us"), "50000");
    }
    TestBundle bundle =
        limited(bundle("exec sleep 1000"), "{'cpu':{'quota':50000,'period':100000}}");
    runtime().createAndStart(id, bundle.write());
    runtime().call("update", "--cpu-period", "50000", "--cpu-quota", "25000", id).succeeded();
    if (!second) {
      assertEquals("25000", HostGroup.read(group("cpu"), "cpu.cfs_quota_us", ""));
      assertEquals("50000", HostGroup.read(group("cpu"), "cpu.cfs_period_us", ""));
    }
  }

  @Test
  @VmOnly
  void aBurstFallsBeforeItsQuota() throws Exception {
    TestBundle bundle =
        limited(
            bundle("exec sleep 1000"), "{'cpu':{'quota':100000,'period':100000,'burst':100000}}");
    runtime().createAndStart(id, bundle.write());
    Path limits = sandbox().path("limits");
    Files.writeString(limits, "{\"cpu\":{\"quota\":50000,\"burst\":40000}}");
    runtime().call("update", "--resources", limits.toString(), id).succeeded();
    assertEquals("40000", HostGroup.read(group("cpu"), "cpu.cfs_burst_us", "cpu.max.burst"));
    assertEquals(
        "50000 100000\n40000\n",
        runtime()
            .call("exec", id, "cat", "/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu.max.burst")
            .out());
  }

  @Test
  @VmOnly
  void memoryWithSwapIsNotLessThanWithout() throws Exception {
    TestBundle bundle =
        limited(bundle("exec sleep 1000"), "{'memory':{'limit':67108864,'swap':134217728}}");
    runtime().createAndStart(id, bundle.write());
    String before = HostGroup.read(group("memory"), "memory.limit_in_bytes", "memory.max");
    runtime()
        .refuses(
            "resources: memory.swap: 134217728: includes memory.limit, and that is 4294967296",
            "update",
            "--memory",
            "4294967296",
            id);
    assertEquals(before, HostGroup.read(group("memory"), "memory.limit_in_bytes", "memory.max"));
    runtime().call("update", "--memory-swap", "67108864", id).succeeded();
    assertEquals("0\n", runtime().call("exec", id, "cat", "/sys/fs/cgroup/memory.swap.max").out());
  }

  @Test
  void limitsOfAPausedContainerAreChanged() throws Exception {
    Path output =
        runtime()
            .createAndStart(
                id,
                limited(
                        bundle("while :; do echo tick; sleep 0.05; done"),
                        "{'memory':{'limit':67108864}}")
                    .write());
    Await.until("it runs", () -> Files.size(output) > 0);
    runtime().call("pause", id).succeeded();
    runtime().call("update", "--memory", "33554432", id).succeeded();
    assertEquals("paused", runtime().status(id));
    long[] size = {-1};
    Await.until(
        "no more comes",
        () -> {
          long before = size[0];
          Thread.sleep(500);
          size[0] = Files.size(output);
          return size[0] == before;
        });
    runtime().call("resume", id).succeeded();
    assertEquals("33554432\n", runtime().call("exec", id, "sh", "-c", OWN_LIMIT).out());
  }

  @Test
  @VmOnly
  void theVirtualMachineGrowsWithTheLimits() throws Exception {
    TestBundle bundle =
        limited(
            bundle("exec sleep 1000"),
            "{'cpu':{'quota':50000,'period':100000},'memory':{'limit':67108864}}");
    runtime().createAndStart(id, bundle.write());
    runtime().call("update", "--memory", "1073741824", "--cpu-quota", "200000", id).succeeded();
    assertEquals("1073741824\n", runtime().call("exec", id, "sh", "-c", OWN_LIMIT).out());
    String most = Math.min(2, Runtime.getRuntime().availableProcessors()) + "\n";
    Await.until(
        "the processors are there", () -> runtime().call("exec", id, "nproc").out().equals(most));
    Await.until("the memory is there", () -> guestMemoryKib() > 1048576);
    // What is served from the host lies in the new memory, which the guest takes first.
    String sum =
        runtime()
            .call(
                "exec",
                id,
                "sh",
                "-c",
                "dd if=/dev/zero of=/tmp/large bs=1M count=200 2>/dev/null && md5sum < /tmp/large")
            .succeeded()
            .out();
    try (InputStream large = Files.newInputStream(bundle.rootfs().resolve("tmp/large"))) {
      DigestInputStream digest = new DigestInputStream(large, MessageDigest.getInstance("MD5"));
      digest.transferTo(OutputStream.nullOutputStream());
      assertEquals(
          HexFormat.of().formatHex(digest.getMessageDigest().digest()), sum.split(" ", 2)[0]);
    }
    long hosts =
        Long.parseLong(HostGroup.read(group("memory"), "memory.limit_in_bytes", "memory.max"));
    assertTrue(hosts > 1073741824L, () -> "limit " + hosts);
  }

  private long guestMemoryKib() throws Exception {
    String total = runtime().call("exec", id, "head", "-n", "1", "/proc/meminfo").out();
    return Long.parseLong(total.replaceAll("[^0-9]", ""));
  }

  @Test
  @VmOnly
  void theQuotaOfTheHostHasRoomForTheDevices() throws Exception {
    TestBundle bundle =
        limited(bundle("exec sleep 1000"), "{'cpu':{'quota':40000,'period':80000}}");
    runtime().createAndStart(id, bundle.write());
    assertEquals(
        HostGroup.isOfVersionTwo() ? "50000 80000" : "50000",
        HostGroup.read(group("cpu"), "cpu.cfs_quota_us", "cpu.max"));
  }

  @Test
  void aProcessThatIsKilledForWantOfMemoryIsSeenOnTheHost() throws Exception {
    TestBundle bundle =
        limited(
            bundle("tail /dev/zero; echo $?; exec sleep 1000")
                .process(process -> process.with("oomScoreAdj", 77)),
            "{'memory':{'limit':33554432,'swap':33554432}}");
    Path output = runtime().create(id, bundle.write());
    final List<String> limits = limitsOfMemory();
    final List<String> scores = oomScores();
    runtime().call("start", id).succeeded();
    Await.until("it is killed", () -> OciRuntime.text(output).contains("137"));
    Await.until("it is counted", () -> HostGroup.oomKills(group("memory")) == 1);
    assertEquals("running", runtime().status(id));
    // The moment of that is over, and nothing is left of it.
    assertEquals("x\n", runtime().call("exec", id, "echo", "x").succeeded().out());
    for (ProcessHandle each : HostProcesses.family(pid())) {
      assertEquals(group("memory"), HostGroup.of(each.pid(), "memory"));
    }
    assertEquals(limits, limitsOfMemory());
    if (OciRuntime.runsVirtualMachines()) {
      assertEquals(List.of("77", "77", "77"), scores);
      assertEquals(scores, oomScores());
    }
  }

  @Test
  @VmOnly
  void aLackOfMemoryIsSeenAlthoughTheGroupHasManyPagesOfFiles() throws Exception {
    // A limit of the guest alone: one of the host would hold for these pages too.
    TestBundle bundle =
        limited(
            bundle(
                "while [ ! -e /go ]; do sleep 0.05; done",
                "tail /dev/zero",
                "echo $?",
                "exec sleep 1000"),
            "{'unified':{'memory.max':'33554432'}}");
    Path output = runtime().createAndStart(id, bundle.write());
    Path file = sandbox().path("large");
    try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
      large.setLength(3L << 30);
    }
    String reading = "echo $$ > " + group("memory") + "/cgroup.procs && exec cat " + file;
    runtime().toEnd(new ProcessBuilder("sh", "-c", reading + " | wc -c")).succeeded();
    final List<String> limits = limitsOfMemory();
    runtime().call("exec", id, "touch", "/go").succeeded();
    Await.until("it is killed", () -> OciRuntime.text(output).contains("137"));
    Await.until("it is counted", () -> HostGroup.oomKills(group("memory")) == 1);
    assertEquals("x\n", runtime().call("exec", id, "echo", "x").succeeded().out());
    assertEquals(limits, limitsOfMemory());
  }

  @Test
  void memoryThatAProcessHasFreedGoesBackToTheHost() throws Exception {
    runtime().createAndStart(id, bundle("exec sleep 1000").write());
    long before = usedMiB();
    runtime()
        .call("exec", id, "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1")
        .succeeded();
    Await.until("half of it is free", () -> usedMiB() < before + 100);
  }

  @Test
  @VmOnly
  void aLowerLimitHasTheGuestGiveTheHostItsCachedPages() throws Exception {
    runtime().createAndStart(id, bundle("exec sleep 1000").write());
    runtime().call("exec", id, "dd", "if=/dev/zero", "of=/big", "bs=1M", "count=100").succeeded();
    runtime().call("exec", id, "dd", "if=/big", "of=/dev/null", "bs=1M").succeeded();
    long before = guestMiB();
    assertTrue(before > 100, () -> before + " MiB");
    runtime().call("update", "--memory", "33554432", id).succeeded();
    Await.until("most of it is free", () -> guestMiB() < before - 60);
  }

  /** What the hypervisor has touched of the guest's memory. */
  private long guestMiB() throws Exception {
    Path process = Path.of("/proc/" + HostProcesses.hypervisors(pid()).get(0).pid());
    for (String line : Files.readAllLines(process.resolve("status"))) {
      if (line.startsWith("RssShmem:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) >> 10;
      }
    }
    throw new IOException(process + "/status: has no RssShmem");
  }

  private long usedMiB() throws IOException {
    String bytes = HostGroup.read(group("memory"), "memory.usage_in_bytes", "memory.current");
    return Long.parseLong(bytes) >> 20;
  }

  private List<String> limitsOfMemory() throws IOException {
    Path group = group("memory");
    return List.of(
        HostGroup.read(group, "memory.limit_in_bytes", "memory.max"),
        HostGroup.read(group, "memory.swappiness", "memory.oom.group"));
  }

  private List<String> oomScores() throws Exception {
    List<String> scores = new ArrayList<>();
    for (ProcessHandle each : HostProcesses.family(pid())) {
      scores.add(Files.readString(Path.of("/proc/" + each.pid() + "/oom_score_adj")).strip());
    }
    return scores;
  }

  @Test
  void theEndOfAContainerForWantOfMemoryIsSeenOnTheHost() throws Exception {
    TestBundle bundle =
        limited(bundle("exec tail /dev/zero"), "{'memory':{'limit':33554432,'swap':33554432}}");
    runtime().create(id, bundle.write());
    final List<String> limits = limitsOfMemory();
    runtime().call("start", id).succeeded();
    runtime().awaitStatus(id, "stopped");
    assertEquals(1, HostGroup.oomKills(group("memory")));
    assertEquals(limits, limitsOfMemory());
  }

  @Test
  @VmOnly
  void limitsThatNobodyCouldApplyAreRefused() throws Exception {
    runtime()
        .refuses(
            "config.json: linux.resources.network.classID: 7: not supported",
            "create",
            "--bundle",
            limited(bundle("true"), "{'network':{'classID':7}}").write().toString(),
            id);
    runtime()
        .refuses(
            "config.json: linux.resources.cpu.cpus: 100000: the host has no processor 100000",
            "create",
            "--bundle",
            limited(bundle("true"), "{'cpu':{'cpus':'100000'}}").write().toString(),
            id);
    assertFalse(Files.exists(group("cpuset")));
  }
}
