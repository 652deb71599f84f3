package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limpid.oci.json.JsonObject;
import dev.limpid.oci.json.JsonString;
import dev.limpid.oci.json.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** VMs whose memory consists of huge pages of the host, of which the tests reserve some. */
@VmOnly
final class HugePagesIT extends Behaviour {
  private static final String ANNOTATION = "dev.limpid.hugepages";
  private static final Path POOL = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB");

  /** What a VM of 512 MiB takes, and some that do not suffice for another, or for 128 MiB more. */
  private static final int VM_PAGES = 256;

  private static final int SPARE_PAGES = 44;
  private static final int MORE_PAGES = 64;

  private static long pages(String name) throws IOException {
    return Long.parseLong(Files.readString(POOL.resolve(name)).strip());
  }

  /** Those that nobody has, or has been promised. */
  private static long available() throws IOException {
    return pages("free_hugepages") - pages("resv_hugepages");
  }

  /** Has the host make more pages, until the test is over and its containers are gone. */
  private void reserve(int count) throws Exception {
    assumeTrue(Files.isWritable(POOL.resolve("nr_hugepages")), "this host has no huge pages");
    assumeTrue(pages("nr_overcommit_hugepages") == 0, "this host makes more by itself");
    long before = pages("nr_hugepages");
    sandbox().hostCommand(set(before + count), set(before));
    assumeTrue(pages("nr_hugepages") == before + count, "the host's memory is in too small pieces");
  }

  private static List<String> set(long count) {
    return List.of("sh", "-c", "echo " + count + " > " + POOL.resolve("nr_hugepages"));
  }

  private void configure(String pages) throws IOException {
    JsonObject configuration =
        Json.object(Files.readString(runtime().configuration()))
            .with("hugepages", new JsonString(pages));
    Files.writeString(runtime().configuration(), JsonWriter.compact().write(configuration));
  }

  private Path hypervisor(String id) throws Exception {
    long pid = runtime().state(id).required("pid").asInteger(1, Integer.MAX_VALUE);
    return Path.of("/proc/" + HostProcesses.hypervisors(pid).get(0).pid());
  }

  /** How large the mappings are of a process that consist of pages of 2 MiB, in MiB. */
  private static List<Long> hugeMappings(Path process) throws IOException {
    List<Long> found = new ArrayList<>();
    long kib = 0;
    for (String line : Files.readAllLines(process.resolve("smaps"))) {
      if (line.startsWith("Size:")) {
        kib = Long.parseLong(line.replaceAll("[^0-9]", ""));
      } else if (line.matches("KernelPageSize: +2048 kB")) {
        found.add(kib / 1024);
      }
    }
    Collections.sort(found);
    return found;
  }

  /** What a program writes in a container. */
  private String exec(String id, String script) throws Exception {
    return runtime().call("exec", id, "sh", "-c", script).succeeded().out();
  }

  @Test
  void memoryConsistsOfThem() throws Exception {
    configure("2M");
    reserve(VM_PAGES + SPARE_PAGES);
    Path volume = Files.createDirectory(sandbox().path("volume"));
    Files.writeString(volume.resolve("from-host"), "host\n");
    long before = available();
    String id = sandbox().id();
    TestBundle bundle =
        sandbox()
            .bundle()
            .mount("/mnt", "bind", volume.toString(), "rbind")
            .script("exec sleep 1000000");
    runtime().createAndStart(id, bundle.write());

    Path process = hypervisor(id);
    assertEquals(List.of(512L), hugeMappings(process));
    assertEquals(before - VM_PAGES, available());
    String arguments = OciRuntime.text(process.resolve("cmdline"));
    assertFalse(arguments.contains("-incoming"), arguments);
    assertFalse(arguments.contains("virtio-balloon"), arguments);
    assertEquals("host\n", exec(id, "cat /mnt/from-host; echo guest > /mnt/from-guest"));
    assertEquals("guest\n", Files.readString(volume.resolve("from-guest")));
    String sums =
        exec(
            id,
            "dd if=/dev/urandom of=/mnt/large bs=1M count=64 2>/dev/null; md5sum < /mnt/large;"
                + " cp /mnt/large /dev/shm/copy; md5sum < /dev/shm/copy; rm /dev/shm/copy");
    assertEquals(sums.lines().findFirst(), sums.lines().skip(1).findFirst(), sums);
    assertEquals(before - VM_PAGES, available());

    runtime().call("delete", "--force", id).succeeded();
    Await.until("all pages are free again", () -> available() == before);
  }

  @Test
  void whatIsPluggedInConsistsOfThemToo() throws Exception {
    sandbox().allow(ANNOTATION);
    reserve(VM_PAGES + SPARE_PAGES);
    long before = available();
    String id = sandbox().id();
    TestBundle bundle =
        sandbox().bundle().annotation(ANNOTATION, "2M").script("exec sleep 1000000");
    runtime().createAndStart(id, bundle.write());
    long left = before - VM_PAGES;
    runtime()
        .refuses(
            "memory.limit: 419430400: 64 huge pages are needed for 128 MiB of memory, and "
                + left
                + " are free",
            "update",
            "--memory",
            "419430400",
            id);
    assertEquals(List.of(512L), hugeMappings(hypervisor(id)));

    reserve(MORE_PAGES - SPARE_PAGES);
    runtime().call("update", "--memory", "419430400", id).succeeded();
    assertEquals(List.of(128L, 512L), hugeMappings(hypervisor(id)));
    Await.until(
        "the guest has it",
        () ->
            Long.parseLong(exec(id, "awk '/^MemTotal:/ { print $2 }' /proc/meminfo").strip())
                > 512 * 1024);
    assertEquals("it runs\n", exec(id, "echo it runs"));
    runtime().call("delete", "--force", id).succeeded();
  }

  @Test
  void tooFewAreSaidBeforeAnythingIsStarted() throws Exception {
    sandbox().allow(ANNOTATION);
    reserve(VM_PAGES + SPARE_PAGES);
    String first = sandbox().id();
    TestBundle bundle =
        sandbox().bundle().annotation(ANNOTATION, "2M").script("exec sleep 1000000");
    runtime().createAndStart(first, bundle.write());
    List<String> processes = sandbox().processes();
    List<String> mounts = sandbox().mounts();
    List<String> entries = Sandbox.entries(runtime().root());
    long left = available();

    runtime()
        .refuses(
            "config.json: annotations[\"dev.limpid.hugepages\"]: \"2M\": 256 huge pages are needed"
                + " for 512 MiB of memory, and "
                + left
                + " are free: reserve more in "
                + POOL
                + "/nr_hugepages, or ask for less memory or none of huge pages",
            "create",
            "--bundle",
            bundle.directory().toString(),
            sandbox().id());

    assertEquals(processes, sandbox().processes());
    assertEquals(mounts, sandbox().mounts());
    assertEquals(entries, Sandbox.entries(runtime().root()));
    assertEquals(left, available());
    runtime().call("delete", "--force", first).succeeded();
    String second = sandbox().id();
    Await.until("its pages are free", () -> available() >= VM_PAGES);
    runtime().createAndStart(second, bundle.directory());
    assertEquals(List.of(512L), hugeMappings(hypervisor(second)));
  }

  @Test
  void memoryIsRoundedUpToWholePages() throws Exception {
    sandbox().allow("dev.limpid.memory");
    configure("2M");
    reserve(VM_PAGES);
    String id = sandbox().id();
    TestBundle bundle =
        sandbox().bundle().annotation("dev.limpid.memory", "201").script("exec sleep 1000000");
    runtime().createAndStart(id, bundle.write());
    assertEquals(List.of(202L), hugeMappings(hypervisor(id)));
  }

  @Test
  void checkTellsWhetherThereAreEnough() throws Exception {
    assertFalse(runtime().call("check").out().contains("huge pages"));
    configure("2M");
    reserve(VM_PAGES);
    String enough = runtime().call("check").out();
    assertTrue(enough.lines().anyMatch(l -> l.matches("ok +huge pages +enough of 2M")), enough);
    JsonObject configuration =
        Json.object(Files.readString(runtime().configuration())).with("memoryMiB", 1 << 20);
    Files.writeString(runtime().configuration(), JsonWriter.compact().write(configuration));
    Outcome lacking = runtime().call("check").exited(1);
    assertTrue(
        lacking.out().contains(": hugepages: \"2M\": 524288 huge pages are needed for 1048576 MiB"),
        lacking::toString);
  }

  @Test
  void noneAreUsedWhereNobodyWantsThem() throws Exception {
    sandbox().allow(ANNOTATION);
    runtime()
        .refuses(
            "config.json: annotations[\"dev.limpid.hugepages\"]: must be never, 2M or 1G",
            "create",
            "--bundle",
            sandbox().bundle().annotation(ANNOTATION, "4K").write().toString(),
            sandbox().id());
    sandbox().assertNothingIsLeft();
    configure("1G");
    String id = sandbox().id();
    TestBundle bundle =
        sandbox().bundle().annotation(ANNOTATION, "never").script("exec sleep 1000000");
    runtime().createAndStart(id, bundle.write());
    assertEquals(List.of(), hugeMappings(hypervisor(id)));
    assertTrue(OciRuntime.text(hypervisor(id).resolve("cmdline")).contains("virtio-balloon"));
  }
}
