package dev.limpid.behaviour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.limpid.oci.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What config.json says of its VM: the section vm, and annotations. */
@VmOnly
final class VmSectionIT extends Behaviour {
  private static final Path QEMU = Path.of("/usr/bin/qemu-system-x86_64");

  /** The kernel and the image of the installation. */
  private static Path installed(String name) {
    return OciRuntime.executable().resolveSibling("../lib/limpid").resolve(name).normalize();
  }

  /** A bundle with a section vm; apostrophes stand for quotes. */
  private TestBundle bundle(String vm) throws Exception {
    JsonObject section = Json.object(vm.replace('\'', '"'));
    return sandbox().bundle().edit(config -> config.with("vm", section));
  }

  private Outcome run(TestBundle bundle) throws Exception {
    return runtime().call("run", "--bundle", bundle.write().toString(), sandbox().id()).succeeded();
  }

  private void refuses(String reason, TestBundle bundle) throws Exception {
    runtime()
        .refuses(reason, "create", "--bundle", bundle.script("true").write() + "", sandbox().id());
    sandbox().assertNothingIsLeft();
  }

  /** What QEMU's command line is, while a container runs. */
  private String hypervisorOf(TestBundle bundle) throws Exception {
    String id = sandbox().id();
    runtime().createAndStart(id, bundle.script("sleep 1000").write());
    String found =
        sandbox().processes().stream()
            .filter(process -> process.contains("-name limpid-" + id))
            .findFirst()
            .orElseThrow();
    runtime().call("delete", "--force", id).succeeded();
    return found;
  }

  private String copyOf(Path file, String name) throws IOException {
    Path copy = sandbox().path(name);
    Files.copy(file, copy);
    return copy.toString();
  }

  @Test
  void nothingIsAllowedByDefault() throws Exception {
    String kernel = copyOf(installed("vmlinux"), "vmlinux");
    refuses(
        "config.json: vm.kernel.path: is not allowed: add \"vm.kernel.path\" to \"allow\" in "
            + runtime().configuration()
            + ", found \""
            + kernel
            + "\"",
        bundle("{'kernel':{'path':'" + kernel + "'}}"));
    refuses(
        "config.json: annotations[\"dev.limpid.memory\"]: is not allowed: add"
            + " \"dev.limpid.memory\" to \"allow\" in "
            + runtime().configuration(),
        sandbox().bundle().annotation("dev.limpid.memory", "256"));
  }

  @Test
  void unknownAnnotationsOfLimpidAreRefused() throws Exception {
    refuses(
        "config.json: annotations[\"dev.limpid.ram\"]: is no annotation of Limpid",
        sandbox().bundle().annotation("dev.limpid.ram", "256"));
    run(sandbox().bundle().annotation("dev.limpids.ram", "256").script("true"));
  }

  @Test
  void templatesAreUsedOrNot() throws Exception {
    sandbox().allow("dev.limpid.template");
    refuses(
        "config.json: annotations[\"dev.limpid.template\"]: must be auto or never",
        sandbox().bundle().annotation("dev.limpid.template", "always"));
    for (String use : List.of("auto", "never")) {
      run(sandbox().bundle().annotation("dev.limpid.template", use).script("true"));
    }
  }

  @Test
  void theKernelAndItsParametersCanBeChosen() throws Exception {
    sandbox().allow("vm.kernel.path", "vm.kernel.parameters", "dev.limpid.template");
    String kernel = copyOf(installed("vmlinux"), "vmlinux");
    String vm = "{'kernel':{'path':'" + kernel + "','parameters':['limpid.test=a,b','x']}}";

    assertTrue(run(bundle(vm).script("cat /proc/cmdline")).out().endsWith(" limpid.test=a,b x\n"));
    TestBundle booted = bundle(vm).annotation("dev.limpid.template", "never");
    assertTrue(hypervisorOf(booted).contains(" -kernel " + kernel + " "));
  }

  @Test
  void theHypervisorAndItsParametersCanBeChosen() throws Exception {
    sandbox().allow("vm.hypervisor.path", "vm.hypervisor.parameters");
    Path hypervisor = Files.createSymbolicLink(sandbox().path("qemu"), QEMU);
    TestBundle bundle =
        bundle(
            "{'kernel':{'path':'"
                + installed("vmlinux")
                + "'},'hypervisor':{'path':'"
                + hypervisor
                + "','parameters':['-device','virtio-rng-pci,max-bytes=1024,period=1000']}}");

    Outcome outcome = run(bundle.script("cat /sys/class/misc/hw_random/rng_available"));
    assertTrue(outcome.out().startsWith("virtio_rng.0"), outcome::toString);
    String command = hypervisorOf(bundle);
    assertTrue(command.contains(" " + hypervisor + " -name "), command);
    assertTrue(
        command.strip().endsWith(" -device virtio-rng-pci,max-bytes=1024,period=1000"), command);
  }

  @Test
  void aHypervisorThatDoesNotTakeItsParametersIsQuoted() throws Exception {
    sandbox().allow("vm.hypervisor.path", "vm.hypervisor.parameters");
    refuses(
        "no-such-option",
        bundle(
            "{'kernel':{'path':'"
                + installed("vmlinux")
                + "'},'hypervisor':{'path':'"
                + QEMU
                + "','parameters':['-no-such-option']}}"));
  }

  @Test
  void anInitialRamDiskComesBeforeTheSystem() throws Exception {
    sandbox().allow("vm.kernel.initrd");
    Path initrd = sandbox().path("initrd");
    Files.write(initrd, initrd());
    TestBundle bundle =
        bundle("{'kernel':{'path':'" + installed("vmlinux") + "','initrd':'" + initrd + "'}}");

    Outcome outcome = run(bundle.script("cat /proc/sys/vm/max_map_count"));
    assertEquals("123456\n", outcome.out());
  }

  @ParameterizedTest
  @CsvSource({"raw,raw", "qcow2,qcow2", "vdi,vdi", "vhd,vpc"})
  void theImageCanHaveOtherFormats(String format, String driver) throws Exception {
    sandbox().allow("vm.image.path");
    Path image = sandbox().path("image");
    runtime()
        .toEnd(
            new ProcessBuilder(
                "qemu-img",
                "convert",
                "-f",
                "raw",
                "-O",
                driver,
                installed("mini-os.erofs").toString(),
                image.toString()))
        .succeeded();
    if (format.equals("raw")) {
      // Not to be mapped as memory: no multiple of 2 MiB.
      Files.write(image, new byte[4096], StandardOpenOption.APPEND);
    }
    Outcome outcome = run(bundle(image(image, format)).script("cat /proc/cmdline"));
    assertTrue(outcome.out().contains(" root=/dev/vda "), outcome::toString);
  }

  @Test
  void anImageThatCanBeMappedAsMemoryIs() throws Exception {
    sandbox().allow("vm.image.path");
    Path image = Path.of(copyOf(installed("mini-os.erofs"), "image"));
    TestBundle bundle = bundle(image(image, "raw"));

    Outcome outcome = run(bundle.script("cat /proc/cmdline"));
    assertTrue(outcome.out().contains(" root=/dev/pmem0 "), outcome::toString);
    assertTrue(hypervisorOf(bundle).contains("mem-path=" + image + ","));
  }

  @Test
  void imagesThatNeedOtherFilesAreRefused() throws Exception {
    sandbox().allow("vm.image.path");
    Path image = sandbox().path("image");
    runtime()
        .toEnd(
            new ProcessBuilder(
                "qemu-img",
                "create",
                "-f",
                "qcow2",
                "-b",
                installed("mini-os.erofs").toString(),
                "-F",
                "raw",
                image.toString()))
        .succeeded();
    refuses(
        "config.json: vm.image.path: is an image that needs another file",
        bundle(image(image, "qcow2")));
    refuses(
        "config.json: vm.image.format: is not supported: such an image can consist of other files",
        bundle(image(image, "vmdk")));
  }

  private static String image(Path image, String format) {
    return "{'kernel':{'path':'%s'},'image':{'path':'%s','format':'%s'}}"
        .formatted(installed("vmlinux"), image, format);
  }

  @Test
  void theHardwareIsAsAskedForAndAnnotationsComeFirst() throws Exception {
    sandbox().allow("vm.hwConfig.vcpus", "vm.hwConfig.memory", "dev.limpid.memory");
    String script = "nproc; awk '/^MemTotal:/ { print $2 }' /proc/meminfo";
    TestBundle bundle =
        bundle(
                "{'kernel':{'path':'"
                    + installed("vmlinux")
                    + "'},'hwConfig':{'vcpus':2,'memory':268435456}}")
            .script(script);

    Outcome hardware = run(bundle);
    assertEquals("2", hardware.lines()[0]);
    assertMemory(256, hardware);
    Outcome annotated = run(bundle.annotation("dev.limpid.memory", "384"));
    assertEquals("2", annotated.lines()[0]);
    assertMemory(384, annotated);
  }

  @Test
  void annotationsSayHowLargeTheMachineIs() throws Exception {
    sandbox().allow("dev.limpid.vcpus");
    Outcome outcome = run(sandbox().bundle().annotation("dev.limpid.vcpus", "2").script("nproc"));
    assertEquals("2\n", outcome.out());
  }

  private static void assertMemory(long mebibytes, Outcome outcome) {
    long kibibytes = Long.parseLong(outcome.lines()[1]);
    assertTrue(
        kibibytes > (mebibytes - 64) << 10 && kibibytes <= mebibytes << 10, outcome::toString);
  }

  @Test
  void anOverlayCanBeSharedAsAWhole() throws Exception {
    sandbox().allow("dev.limpid.rootfs");
    Path lower = Files.createDirectory(sandbox().path("lower"));
    TestBundle.fillRootfs(lower);
    Path container = Files.createDirectory(sandbox().path("container"));
    for (String name : List.of("diff", "work", "merged")) {
      Files.createDirectory(container.resolve(name));
    }
    Path merged = container.resolve("merged");
    sandbox()
        .hostCommand(
            List.of(
                "mount",
                "-t",
                "overlay",
                "overlay",
                "-o",
                "lowerdir=%s,upperdir=%s,workdir=%s"
                    .formatted(lower, container.resolve("diff"), container.resolve("work")),
                merged.toString()),
            List.of("umount", merged.toString()));
    for (String mode : List.of("shared", "layers")) {
      Outcome outcome =
          run(
              sandbox()
                  .bundle()
                  .root(root -> root.with("path", merged.toString()))
                  .annotation("dev.limpid.rootfs", mode)
                  .script("grep ' / ' /proc/self/mountinfo"));
      String type = mode.equals("layers") ? "overlay" : "virtiofs";
      assertTrue(outcome.out().contains(" / rw,relatime - " + type + " "), outcome::toString);
    }
  }

  @Test
  void aPlainDirectoryHasNoLayersForDax() throws Exception {
    sandbox().allow("dev.limpid.rootfs");
    refuses(
        "config.json: annotations[\"dev.limpid.rootfs\"]: layers: not possible for ",
        sandbox().bundle().annotation("dev.limpid.rootfs", "layers"));
    run(sandbox().bundle().annotation("dev.limpid.rootfs", "auto").script("true"));
  }

  /** Notes that it was there in /proc/sys, then hands on to the system of the image. */
  private static byte[] initrd() throws IOException {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    for (String directory : List.of("bin", "dev", "proc", "root")) {
      append(archive, directory, 0040755, new byte[0]);
    }
    append(archive, "bin/busybox", 0100755, Files.readAllBytes(Path.of("/bin/busybox")));
    String init =
        """
        #!/bin/busybox sh
        export PATH=/bin
        busybox mount -t devtmpfs none /dev
        busybox mount -t proc none /proc
        echo 123456 > /proc/sys/vm/max_map_count
        busybox umount /proc
        busybox mount -t erofs -o ro,dax=always /dev/pmem0 /root
        busybox umount /dev
        exec busybox switch_root /root /usr/lib/systemd/systemd
        """;
    append(archive, "init", 0100755, init.getBytes(StandardCharsets.UTF_8));
    append(archive, "TRAILER!!!", 0, new byte[0]);
    return archive.toByteArray();
  }

  /** A file in the format that Linux unpacks, which cpio calls newc. */
  private static void append(ByteArrayOutputStream archive, String name, int mode, byte[] content)
      throws IOException {
    int[] fields = {
      archive.size() + 1, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length() + 1, 0
    };
    StringBuilder header = new StringBuilder("070701");
    for (int field : fields) {
      header.append(String.format("%08X", field));
    }
    archive.write((header + name + "\0").getBytes(StandardCharsets.US_ASCII));
    archive.write(new byte[-archive.size() & 3]);
    archive.write(content);
    archive.write(new byte[-archive.size() & 3]);
  }
}
